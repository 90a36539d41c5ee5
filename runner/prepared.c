/* The databases of patterns that were made with drydock (runner/gen/gen_patterns.c), as base/match.h wants them. */
__asm__(".section .rodata\n.global match_prepared_begin\n.global match_prepared_end\n.balign 8\nmatch_prepared_begin:\n"
	".incbin \"patterns.bin\"\nmatch_prepared_end:\n.byte 0\n.text\n");
