#include "qa/crawl_print.h"

#include <string.h>

#define MAX_DEPTH 300

/* Digest of the nodes from *at on that lie deeper than depth, as one text of their digests. */
static void
below(const json_t *nodes, size_t *at, int64_t depth, unsigned levels, struct buf *out)
{
	OWN_FREE char *last = NULL;
	while (*at < json_array_size(nodes)) {
		const json_t *node = json_array_get(nodes, *at);
		const json_t *level = json_array_get(node, 0), *label = json_array_get(node, 1);
		int64_t own = json_integer_value(level);
		bool is_node = json_is_integer(level) && json_is_string(label);
		OWN(buf) struct buf text = {0};
		if (is_node && own <= depth)
			return;
		(*at)++;
		if (!is_node)
			continue;
		buf_put_json(&text, str_of(json_string_value(label)));
		if (levels < MAX_DEPTH)
			below(nodes, at, own, levels + 1, &text);
		struct hash_hex h = hash_bytes(buf_str(&text));
		if (last && strcmp(last, h.s) == 0)
			continue;
		buf_puts(out, h.s);
		free(last);
		last = mem_strdup(h.s);
	}
}

struct hash_hex
crawl_print(const json_t *nodes)
{
	OWN(buf) struct buf text = {0};
	size_t at = 0;
	below(nodes, &at, -1, 0, &text);
	struct hash_hex h = hash_bytes(buf_str(&text));
	h.s[CRAWL_PRINT] = '\0';
	return h;
}
