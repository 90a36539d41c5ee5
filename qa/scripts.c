#include "qa/scripts.h"

#include "base/embed.h"

EMBED(script_plain_text, "qa/data/plain.js");
EMBED(script_clock_text, "qa/data/clock.js");
EMBED(script_still_text, "qa/data/still.js");
EMBED(script_observe_text, "qa/data/observe.js");
EMBED(script_axe_core_text, "build/axe/axe.min.js");
EMBED(script_axe_text, "qa/data/axe.js");

struct str
script_plain(void)
{
	return EMBEDDED(script_plain_text);
}

struct str
script_clock(void)
{
	return EMBEDDED(script_clock_text);
}

struct str
script_still(void)
{
	return EMBEDDED(script_still_text);
}

struct str
script_observe(void)
{
	return EMBEDDED(script_observe_text);
}

struct str
script_axe_core(void)
{
	return EMBEDDED(script_axe_core_text);
}

struct str
script_axe(void)
{
	return EMBEDDED(script_axe_text);
}
