/* Files that are part of the program. */
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#include "base/str.h"

/*
 * The bytes of the file as symbol_begin to symbol_end, global, and a byte of 0 behind them.  path: a literal, relative to
 * where make runs or to a directory that the assembler is told of; the Makefile says what is made anew when the file changes.
 */
#define EMBED(symbol, path) \
	__asm__(".section .rodata\n.global " #symbol "_begin\n.global " #symbol "_end\n" #symbol \
		"_begin:\n.incbin \"" path "\"\n" #symbol "_end:\n.byte 0\n.text\n"); \
	extern const char symbol##_begin[], symbol##_end[]

/* The same as a view. */
#define EMBEDDED(symbol) ((struct str){symbol##_begin, (size_t)(symbol##_end - symbol##_begin)})

#endif
