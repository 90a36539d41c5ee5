#include "graph/rule.h"

#include <pthread.h>
#include <string.h>

const TSLanguage *tree_sitter_bash(void);
const TSLanguage *tree_sitter_c(void);
const TSLanguage *tree_sitter_c_sharp(void);
const TSLanguage *tree_sitter_cpp(void);
const TSLanguage *tree_sitter_go(void);
const TSLanguage *tree_sitter_java(void);
const TSLanguage *tree_sitter_javascript(void);
const TSLanguage *tree_sitter_php(void);
const TSLanguage *tree_sitter_python(void);
const TSLanguage *tree_sitter_ruby(void);
const TSLanguage *tree_sitter_rust(void);
const TSLanguage *tree_sitter_tsx(void);
const TSLanguage *tree_sitter_typescript(void);

static struct lang langs[LANG_END] = {
	[LANG_NONE] = {.grammar = NULL},
	[LANG_C] = {.grammar = tree_sitter_c, .rules = rules_c},
	[LANG_CPP] = {.grammar = tree_sitter_cpp, .rules = rules_cpp, .base = rules_c},
	[LANG_PYTHON] = {.grammar = tree_sitter_python,
		.rules = rules_python,
		.implicit_variables = true},
	[LANG_JAVA] = {.grammar = tree_sitter_java, .rules = rules_java},
	[LANG_JAVASCRIPT] = {.grammar = tree_sitter_javascript, .rules = rules_javascript},
	[LANG_TYPESCRIPT] = {.grammar = tree_sitter_typescript,
		.rules = rules_typescript,
		.base = rules_javascript},
	[LANG_TSX] = {.grammar = tree_sitter_tsx,
		.rules = rules_typescript,
		.base = rules_javascript},
	[LANG_GO] = {.grammar = tree_sitter_go, .rules = rules_go},
	[LANG_RUST] = {.grammar = tree_sitter_rust, .rules = rules_rust},
	[LANG_CSHARP] = {.grammar = tree_sitter_c_sharp, .rules = rules_csharp},
	[LANG_PHP] = {.grammar = tree_sitter_php, .rules = rules_php, .implicit_variables = true},
	[LANG_RUBY] = {.grammar = tree_sitter_ruby,
		.rules = rules_ruby,
		.implicit_variables = true},
	[LANG_BASH] = {.grammar = tree_sitter_bash, .rules = rules_bash},
};

/* ---- rules to actions ---- */

static TSFieldId
field_of(const TSLanguage *l, const char *name)
{
	return name ? ts_language_field_id_for_name(l, name, (uint32_t)strlen(name)) : 0;
}

/* Several symbols may have one name. */
static void
compile_rule(struct lang *lang, const struct rule *r)
{
	const TSLanguage *l = lang->language;
	for (uint32_t s = 0; s < lang->nactions; s++) {
		if (strcmp(ts_language_symbol_name(l, (TSSymbol)s), r->node) != 0 ||
			ts_language_symbol_type(l, (TSSymbol)s) != TSSymbolTypeRegular)
			continue;
		lang->actions[s] = (struct action){.role = (uint8_t)r->role,
			.kind = r->kind,
			.is = lang->actions[s].is,
			.a = field_of(l, r->a),
			.b = field_of(l, r->b),
			.hook = r->hook};
	}
}

static void
tell_what_is(struct lang *lang)
{
	static const struct {
		const char *node;
		uint8_t is;
	} known[] = {
		{"parenthesized_expression", IS_AROUND_CALLEE | IS_TRANSPARENT | IS_PARENTHESES},
		{"non_null_expression", IS_AROUND_CALLEE | IS_TRANSPARENT},
		{"pointer_expression", IS_AROUND_CALLEE}, {"generic_function", IS_AROUND_CALLEE},
		{"template_function", IS_AROUND_CALLEE}, {"generic_name", IS_AROUND_CALLEE},
		{"await_expression", IS_AROUND_CALLEE}, {"as_expression", IS_SAID},
		{"cast_expression", IS_SAID}, {"type_assertion_expression", IS_SAID},
		{"satisfies_expression", IS_SAID}, {"argument", IS_ARGUMENT},
		{"ternary_expression", IS_TERNARY}, {"binary_expression", IS_BINARY},
		{"arrow_function", IS_FUNCTION}, {"function_expression", IS_FUNCTION},
		{"function", IS_FUNCTION}, {"generator_function", IS_FUNCTION}};
	for (uint32_t s = 0; s < lang->nactions; s++)
		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
			if (strcmp(ts_language_symbol_name(lang->language, (TSSymbol)s),
				    known[i].node) == 0)
				lang->actions[s].is = known[i].is;
}

static void
compile(struct lang *lang)
{
	const TSLanguage *language = lang->grammar();
	lang->nactions = ts_language_symbol_count(language);
	lang->actions = mem_zalloc(lang->nactions, sizeof(*lang->actions));
	lang->language = language;
	tell_what_is(lang);
	for (const struct rule *r = lang->base; r && r->node; r++)
		compile_rule(lang, r);
	for (const struct rule *r = lang->rules; r->node; r++)
		compile_rule(lang, r);
}

const struct lang *
rule_lang(enum lang_id id)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static bool compiled[LANG_END];
	struct lang *lang = &langs[(unsigned)id < LANG_END ? id : LANG_NONE];
	bool *done = &compiled[lang - langs];
	if (!lang->grammar || __atomic_load_n(done, __ATOMIC_ACQUIRE))
		return lang;
	(void)pthread_mutex_lock(&lock);
	if (!*done)
		compile(lang);
	__atomic_store_n(done, true, __ATOMIC_RELEASE);
	(void)pthread_mutex_unlock(&lock);
	return lang;
}
