dnl SPDX-License-Identifier: GPL-2.0-only OR MIT

dnl MMX_ADD_FLAG(variable, flag): appends the flag if the compiler takes it without complaint.
AC_DEFUN([MMX_ADD_FLAG], [
  AS_VAR_PUSHDEF([cv], [mmx_cv_flag_$2])
  AC_CACHE_CHECK([whether $CC takes $2], [cv], [
    mmx_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror $2"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])], [AS_VAR_SET([cv], [yes])], [AS_VAR_SET([cv], [no])])
    CFLAGS=$mmx_save_CFLAGS
  ])
  AS_VAR_IF([cv], [yes], [$1="$$1 $2"])
  AS_VAR_POPDEF([cv])
])

dnl MMX_WARNINGS: WARN_CFLAGS, with -Werror unless --disable-werror.
AC_DEFUN([MMX_WARNINGS], [
  AC_ARG_ENABLE([werror], [AS_HELP_STRING([--disable-werror], [warnings do not stop the build])],
    [], [enable_werror=yes])
  WARN_CFLAGS=
  m4_foreach_w([flag], [-Wall -Wextra -Wvla -Wconversion -Wno-sign-conversion -Wshadow -Wundef
    -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wwrite-strings
    -Wformat=2 -Wcast-align -Wimplicit-fallthrough -Wdate-time -fno-strict-aliasing
    -fno-common -fstack-protector-strong],
    [MMX_ADD_FLAG([WARN_CFLAGS], flag)])
  AS_IF([test "x$enable_werror" != xno], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
  AC_SUBST([WARN_CFLAGS])
])

dnl MMX_SANITIZER: --with-sanitizer=address,undefined | thread | ...
AC_DEFUN([MMX_SANITIZER], [
  AC_ARG_WITH([sanitizer], [AS_HELP_STRING([--with-sanitizer=LIST],
    [build with -fsanitize=LIST, such as address,undefined or thread])],
    [], [with_sanitizer=none])
  SAN_CFLAGS=
  AS_CASE([$with_sanitizer],
    [none|no], [],
    [SAN_CFLAGS="-fsanitize=$with_sanitizer -fno-sanitize-recover=all -fno-omit-frame-pointer"])
  dnl gcc says of every fence that ThreadSanitizer does not see it; ring.h's stand between accesses that are atomic
  AS_CASE([$with_sanitizer], [*thread*], [MMX_ADD_FLAG([SAN_CFLAGS], [-Wno-tsan])])
  AC_SUBST([SAN_CFLAGS])
])

dnl MMX_FUZZING: --with-fuzzing=libfuzzer builds tests/fuzz/* as libFuzzer programs (clang only);
dnl without it the same sources replay their corpus.
AC_DEFUN([MMX_FUZZING], [
  AC_ARG_WITH([fuzzing], [AS_HELP_STRING([--with-fuzzing=libfuzzer], [build the fuzzers with libFuzzer (clang)])],
    [], [with_fuzzing=none])
  FUZZ_CFLAGS=
  FUZZ_LDFLAGS=
  AS_CASE([$with_fuzzing],
    [none|no], [],
    [libfuzzer], [FUZZ_CFLAGS="-fsanitize=fuzzer-no-link"; FUZZ_LDFLAGS="-fsanitize=fuzzer"],
    [AC_MSG_ERROR([--with-fuzzing: '$with_fuzzing' is not known; use libfuzzer])])
  AM_CONDITIONAL([FUZZING], [test "x$with_fuzzing" = xlibfuzzer])
  AC_SUBST([FUZZ_CFLAGS])
  AC_SUBST([FUZZ_LDFLAGS])
])

dnl MMX_COVERAGE: --enable-coverage
AC_DEFUN([MMX_COVERAGE], [
  AC_ARG_ENABLE([coverage], [AS_HELP_STRING([--enable-coverage], [instrument for gcov; see 'make coverage'])],
    [], [enable_coverage=no])
  COV_CFLAGS=
  AS_IF([test "x$enable_coverage" = xyes], [COV_CFLAGS="--coverage -O0"])
  AC_SUBST([COV_CFLAGS])
])
