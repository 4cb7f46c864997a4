// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What makes a module of the objects that tests/kobj compiles. Never loaded: the proof is that the
 * compiler and modpost accept it.
 */
#include <linux/module.h>

MODULE_DESCRIPTION("malimux: compile test of the shared code");
MODULE_LICENSE("Dual MIT/GPL");
