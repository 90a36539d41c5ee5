#include "graph/kinds.h"

static const char *const kind_names[KIND_END] = {"", "directory", "file", "module", "type",
	"function", "method", "field", "global", "enumerator", "macro", "test", "section",
	"parameter", "column", "build-target", "table", "config-key", "env-var", "endpoint",
	"command", "service", "topic"};
static const char *const relation_names[REL_END] = {"", "contains", "imports", "calls", "may-call",
	"reads", "writes", "takes-address", "inherits", "overrides", "instantiates", "has-type",
	"expands", "reads-env", "reads-config", "configures", "queries-table", "serves", "connects",
	"execs", "builds", "depends-on", "documents", "tests", "co-changes-with", "opens",
	"publishes", "subscribes"};
static const char *const prov_names[PROV_END] = {
	"syntax", "resolved", "macro", "name", "history", "compiler", "runtime", "production"};

const char *
graph_kind_name(enum graph_kind k)
{
	return (unsigned)k < KIND_END ? kind_names[k] : "";
}

const char *
graph_relation_name(enum graph_relation r)
{
	return (unsigned)r < REL_END ? relation_names[r] : "";
}

const char *
graph_prov_name(enum graph_prov p)
{
	return (unsigned)p < PROV_END ? prov_names[p] : "";
}
