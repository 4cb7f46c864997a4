# SPDX-License-Identifier: GPL-2.0-only OR MIT

# Debian's kernels in VMs with the model as their GPU; README.md here. In 'make check' only the quick set.
INT_TESTS += tests/vm/quick.sh tests/vm/verdict_test
dist_check_SCRIPTS += %D%/quick.sh %D%/verdict_test
EXTRA_DIST += \
	%D%/README.md \
	%D%/await \
	%D%/bench \
	%D%/counters \
	%D%/debug \
	%D%/diff \
	%D%/gpu.dtso \
	%D%/igt \
	%D%/igt-two \
	%D%/init \
	%D%/lib.sh \
	%D%/malimux \
	%D%/malimux-cycles \
	%D%/malimux-death \
	%D%/malimux-import \
	%D%/malimux-import-death \
	%D%/malimux-import-off \
	%D%/malimux-lies \
	%D%/malimux-mesa \
	%D%/malimux-sleep \
	%D%/malimux-takeover \
	%D%/malimux-three \
	%D%/malimux-two \
	%D%/mesa \
	%D%/probe \
	%D%/program.c \
	%D%/program.h \
	%D%/reboot \
	%D%/recorded \
	%D%/run \
	%D%/sleep \
	%D%/uapi \
	%D%/verdict

check_PROGRAMS += tests/vm/with_memory
tests_vm_with_memory_SOURCES = %D%/with_memory.c
tests_vm_with_memory_LDADD =

# What CI runs: kernels that are known good. The rest, with the newest ones, is check-vm-full; a machine that cannot run them
# says why.
check-vm: all
	@$(CI_ENV) $(top_srcdir)/tests/vm/run --set ci || [ $$? = 77 ]

check-vm-full: all
	@$(CI_ENV) $(top_srcdir)/tests/vm/run --set full --refresh || [ $$? = 77 ]

# their logs
clean-local:
	rm -rf vm

.PHONY: check-vm check-vm-full
