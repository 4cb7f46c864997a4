#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# The VM tests' quick set, as a test of 'make check'. It fetches nothing: ./bootstrap check has done so if it could.
BUILDDIR=${top_builddir:?} exec "${top_srcdir:?}/tests/vm/run" --cached --set quick
