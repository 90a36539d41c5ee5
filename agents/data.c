#include "agents/data.h"

#include "base/embed.h"

EMBED(data_headers_text, "agents/data/headers.tsv");
EMBED(data_python_3_text, "agents/data/python_3.py");
EMBED(data_counted_py_text, "agents/data/counted.py");
EMBED(data_counted_lines_text, "agents/data/counted_lines.py");
EMBED(data_counted_js_text, "agents/data/counted.js");

struct str
data_headers(void)
{
	return EMBEDDED(data_headers_text);
}

struct str
data_python_3(void)
{
	return EMBEDDED(data_python_3_text);
}

struct str
data_counted_python(void)
{
	return EMBEDDED(data_counted_py_text);
}

struct str
data_counted_python_lines(void)
{
	return EMBEDDED(data_counted_lines_text);
}

struct str
data_counted_node(void)
{
	return EMBEDDED(data_counted_js_text);
}
