// SPDX-License-Identifier: Apache-2.0
// What the main program that `verilator --binary` makes leaves out: writing the coverage at the end.
#include "verilated.h"
#include "verilated_cov.h"

extern "C" void write_coverage(const char *path)
{
	Verilated::threadContextp()->coveragep()->write(path);
}
