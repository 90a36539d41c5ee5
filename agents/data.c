#include "agents/data.h"

/* The assembler embeds the file; its path is relative to where make runs. */
#define EMBED(symbol, path) \
	__asm__(".section .rodata\n.global " #symbol "_begin\n.global " #symbol "_end\n" #symbol \
		"_begin:\n.incbin \"" path "\"\n" #symbol "_end:\n.byte 0\n.text\n"); \
	extern const char symbol##_begin[], symbol##_end[]

EMBED(data_headers_text, "agents/data/headers.tsv");
EMBED(data_python_3_text, "agents/data/python_3.py");
EMBED(data_counted_py_text, "agents/data/counted.py");
EMBED(data_counted_lines_text, "agents/data/counted_lines.py");
EMBED(data_counted_js_text, "agents/data/counted.js");

struct str
data_headers(void)
{
	return (struct str){
		data_headers_text_begin, (size_t)(data_headers_text_end - data_headers_text_begin)};
}

struct str
data_python_3(void)
{
	return (struct str){data_python_3_text_begin,
		(size_t)(data_python_3_text_end - data_python_3_text_begin)};
}

struct str
data_counted_python(void)
{
	return (struct str){data_counted_py_text_begin,
		(size_t)(data_counted_py_text_end - data_counted_py_text_begin)};
}

struct str
data_counted_python_lines(void)
{
	return (struct str){data_counted_lines_text_begin,
		(size_t)(data_counted_lines_text_end - data_counted_lines_text_begin)};
}

struct str
data_counted_node(void)
{
	return (struct str){data_counted_js_text_begin,
		(size_t)(data_counted_js_text_end - data_counted_js_text_begin)};
}
