# SPDX-License-Identifier: GPL-2.0-only OR MIT

bin_PROGRAMS += tools/malimux-fw/malimux-fw
dist_man_MANS += tools/malimux-fw/malimux-fw.1
tools_malimux_fw_malimux_fw_SOURCES = \
	tools/malimux-fw/main.c \
	tools/malimux-fw/file.c tools/malimux-fw/file.h \
	tools/malimux-fw/inspect.c tools/malimux-fw/inspect.h \
	tools/malimux-fw/version.c tools/malimux-fw/version.h
tools_malimux_fw_malimux_fw_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
tools_malimux_fw_malimux_fw_LDADD = firmware/libfirmware.a $(JSONC_LIBS)

include tools/malimuxctl/local.mk
include tools/bench/local.mk
