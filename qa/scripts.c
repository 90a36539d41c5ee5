#include "qa/scripts.h"

/* The assembler embeds the file; its path is relative to where make runs. */
#define EMBED(symbol, path) \
	__asm__(".section .rodata\n.global " #symbol "_begin\n.global " #symbol "_end\n" #symbol \
		"_begin:\n.incbin \"" path "\"\n" #symbol "_end:\n.byte 0\n.text\n"); \
	extern const char symbol##_begin[], symbol##_end[]

EMBED(script_plain_text, "qa/data/plain.js");
EMBED(script_clock_text, "qa/data/clock.js");
EMBED(script_still_text, "qa/data/still.js");
EMBED(script_observe_text, "qa/data/observe.js");
EMBED(script_axe_core_text, "build/axe/axe.min.js");
EMBED(script_axe_text, "qa/data/axe.js");

struct str
script_plain(void)
{
	return (struct str){
		script_plain_text_begin, (size_t)(script_plain_text_end - script_plain_text_begin)};
}

struct str
script_clock(void)
{
	return (struct str){
		script_clock_text_begin, (size_t)(script_clock_text_end - script_clock_text_begin)};
}

struct str
script_still(void)
{
	return (struct str){
		script_still_text_begin, (size_t)(script_still_text_end - script_still_text_begin)};
}

struct str
script_observe(void)
{
	return (struct str){script_observe_text_begin,
		(size_t)(script_observe_text_end - script_observe_text_begin)};
}

struct str
script_axe_core(void)
{
	return (struct str){script_axe_core_text_begin,
		(size_t)(script_axe_core_text_end - script_axe_core_text_begin)};
}

struct str
script_axe(void)
{
	return (struct str){
		script_axe_text_begin, (size_t)(script_axe_text_end - script_axe_text_begin)};
}
