# SPDX-License-Identifier: GPL-2.0-only OR MIT
noinst_LIBRARIES += tools/bench/libbench.a
tools_bench_libbench_a_SOURCES = \
	%D%/report.c %D%/report.h \
	%D%/stats.c %D%/stats.h
tools_bench_libbench_a_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)

bin_PROGRAMS += tools/bench/malimux-bench
dist_man_MANS += %D%/malimux-bench.1
EXTRA_DIST += %D%/README.md docs/performance.md
tools_bench_malimux_bench_SOURCES = \
	%D%/main.c %D%/bench.h \
	%D%/floor.c %D%/floor.h \
	%D%/guest.c %D%/guest.h \
	%D%/host.c %D%/host.h \
	%D%/house.c %D%/house.h \
	%D%/native.c %D%/native.h \
	%D%/pair.c %D%/pair.h \
	%D%/proc.c %D%/proc.h \
	%D%/row_attach.c \
	%D%/row_binds.c \
	%D%/row_latency.c \
	%D%/row_memory.c \
	%D%/row_message.c \
	%D%/row_model.c \
	%D%/row_polling.c \
	%D%/row_start.c \
	%D%/row_submit.c \
	%D%/row_throughput.c \
	%D%/stream.c %D%/stream.h
tools_bench_malimux_bench_LDADD = tools/bench/libbench.a \
	backend/libcore.a backend/libsession.a backend/libsched.a backend/gpu/libgpu.a \
	backend/device/libmodel_device.a backend/device/libdevice.a tools/model/libmodel.a \
	firmware/libfirmware.a $(guest_libs) backend/libutil.a $(LIBCONFIG_LIBS) $(JSONC_LIBS)

# Built here so that all compilers see it; run in VMs, where there are drivers (tests/vm/bench compiles it for them).
check_PROGRAMS += tools/bench/malimux-bench-driver
tools_bench_malimux_bench_driver_SOURCES = \
	%D%/driver.c %D%/driver.h %D%/driver_rows.c %D%/stats.c %D%/stream.c \
	tests/lib/cs_asm.c tests/uapi/kit.c

if HAVE_CMOCKA
UNIT_TESTS += tests/unit/bench_stats_test
tests_unit_bench_stats_test_SOURCES = tests/unit/bench_stats_test.c
tests_unit_bench_stats_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_bench_stats_test_LDADD = tools/bench/libbench.a $(JSONC_LIBS) $(CMOCKA_LIBS)
endif

# every row is printed, and sane; no time is judged
INT_TESTS += tests/int/bench.sh
dist_check_SCRIPTS += tests/int/bench.sh
