#include "graph/uses_rows.h"

#include "graph/walk_inner.h"

#include <pthread.h>

#define L(id) (1u << LANG_##id)
#define CFAM (L(C) | L(CPP))
#define JSFAM (L(JAVASCRIPT) | L(TYPESCRIPT) | L(TSX))

static const struct use uses[] = {
	/* the environment */
	{"getenv", CFAM | L(PYTHON) | L(PHP) | L(JAVA), NULL, NULL, REL_READS_ENV, 0, 0},
	{"secure_getenv", CFAM, NULL, NULL, REL_READS_ENV, 0, 0},
	{"g_getenv", CFAM, NULL, NULL, REL_READS_ENV, 0, 0},
	{"setenv", CFAM, NULL, NULL, REL_CONFIGURES, 0, 0},
	{"get", L(PYTHON), "environ", NULL, REL_READS_ENV, 0, 0},
	{"setdefault", L(PYTHON), "environ", NULL, REL_READS_ENV, 0, 0},
	{"pop", L(PYTHON), "environ", NULL, REL_READS_ENV, 0, 0},
	{"env", L(PYTHON) | L(PHP), "", NULL, REL_READS_ENV, 0, USE_LIKELY},
	{"Getenv", L(GO), "os", NULL, REL_READS_ENV, 0, 0},
	{"LookupEnv", L(GO), "os", NULL, REL_READS_ENV, 0, 0},
	{"Setenv", L(GO), "os", NULL, REL_CONFIGURES, 0, 0},
	{"var", L(RUST), "env", NULL, REL_READS_ENV, 0, 0},
	{"var_os", L(RUST), "env", NULL, REL_READS_ENV, 0, 0},
	{"env", L(RUST), "", NULL, REL_READS_ENV, 0, 0},
	{"option_env", L(RUST), "", NULL, REL_READS_ENV, 0, 0},
	{"GetEnvironmentVariable", L(CSHARP), NULL, NULL, REL_READS_ENV, 0, 0},
	{"fetch", L(RUBY), "ENV", NULL, REL_READS_ENV, 0, 0},
	{"get", JSFAM, "env", NULL, REL_READS_ENV, 0, USE_LIKELY},
	/* configuration */
	{"getProperty", L(JAVA), "System", NULL, REL_READS_CONFIG, 0, 0},
	{"getProperty", L(JAVA), NULL, NULL, REL_READS_CONFIG, 0, USE_LIKELY},
	{"Value", L(JAVA), NULL, NULL, REL_READS_CONFIG, 0, USE_DECORATES},
	{"GetConnectionString", L(CSHARP), NULL, NULL, REL_READS_CONFIG, 0, 0},
	{"GetValue", L(CSHARP), NULL, NULL, REL_READS_CONFIG, 0, USE_LIKELY},
	{"GetSection", L(CSHARP), NULL, NULL, REL_READS_CONFIG, 0, USE_LIKELY},
	{"GetString", L(GO), "viper", NULL, REL_READS_CONFIG, 0, 0},
	{"GetInt", L(GO), "viper", NULL, REL_READS_CONFIG, 0, 0},
	{"GetBool", L(GO), "viper", NULL, REL_READS_CONFIG, 0, 0},
	{"GetDuration", L(GO), "viper", NULL, REL_READS_CONFIG, 0, 0},
	{"config", L(PHP), "", NULL, REL_READS_CONFIG, 0, USE_LIKELY},
	{"get", JSFAM | L(PYTHON) | L(PHP) | L(JAVA), "config", NULL, REL_READS_CONFIG, 0,
		USE_LIKELY},
	{"getString", L(JAVA), "config", NULL, REL_READS_CONFIG, 0, USE_LIKELY},
	/* endpoints: decorators */
	{"route", L(PYTHON), NULL, NULL, REL_SERVES, 0, USE_ROUTE | USE_DECORATES},
	{"get", L(PYTHON) | L(RUST), NULL, "GET", REL_SERVES, 0, USE_ROUTE | USE_DECORATES},
	{"post", L(PYTHON) | L(RUST), NULL, "POST", REL_SERVES, 0, USE_ROUTE | USE_DECORATES},
	{"put", L(PYTHON) | L(RUST), NULL, "PUT", REL_SERVES, 0, USE_ROUTE | USE_DECORATES},
	{"patch", L(PYTHON) | L(RUST), NULL, "PATCH", REL_SERVES, 0, USE_ROUTE | USE_DECORATES},
	{"delete", L(PYTHON) | L(RUST), NULL, "DELETE", REL_SERVES, 0, USE_ROUTE | USE_DECORATES},
	{"RequestMapping", L(JAVA), NULL, NULL, REL_SERVES, 0,
		USE_RELATIVE | USE_DECORATES | USE_PREFIX},
	{"GetMapping", L(JAVA), NULL, "GET", REL_SERVES, 0, USE_RELATIVE | USE_DECORATES},
	{"PostMapping", L(JAVA), NULL, "POST", REL_SERVES, 0, USE_RELATIVE | USE_DECORATES},
	{"PutMapping", L(JAVA), NULL, "PUT", REL_SERVES, 0, USE_RELATIVE | USE_DECORATES},
	{"PatchMapping", L(JAVA), NULL, "PATCH", REL_SERVES, 0, USE_RELATIVE | USE_DECORATES},
	{"DeleteMapping", L(JAVA), NULL, "DELETE", REL_SERVES, 0, USE_RELATIVE | USE_DECORATES},
	{"Path", L(JAVA), NULL, NULL, REL_SERVES, 0, USE_RELATIVE | USE_DECORATES | USE_PREFIX},
	{"Controller", JSFAM, NULL, NULL, REL_SERVES, 0, USE_RELATIVE | USE_DECORATES | USE_PREFIX},
	{"Get", JSFAM, NULL, "GET", REL_SERVES, 0, USE_RELATIVE | USE_DECORATES},
	{"Post", JSFAM, NULL, "POST", REL_SERVES, 0, USE_RELATIVE | USE_DECORATES},
	{"Put", JSFAM, NULL, "PUT", REL_SERVES, 0, USE_RELATIVE | USE_DECORATES},
	{"Patch", JSFAM, NULL, "PATCH", REL_SERVES, 0, USE_RELATIVE | USE_DECORATES},
	{"Delete", JSFAM, NULL, "DELETE", REL_SERVES, 0, USE_RELATIVE | USE_DECORATES},
	{"Route", L(CSHARP) | L(PHP), NULL, NULL, REL_SERVES, 0,
		USE_RELATIVE | USE_DECORATES | USE_PREFIX},
	{"HttpGet", L(CSHARP), NULL, "GET", REL_SERVES, 0, USE_RELATIVE | USE_DECORATES},
	{"HttpPost", L(CSHARP), NULL, "POST", REL_SERVES, 0, USE_RELATIVE | USE_DECORATES},
	{"HttpPut", L(CSHARP), NULL, "PUT", REL_SERVES, 0, USE_RELATIVE | USE_DECORATES},
	{"HttpDelete", L(CSHARP), NULL, "DELETE", REL_SERVES, 0, USE_RELATIVE | USE_DECORATES},
	/* endpoints: calls with what answers */
	{"get", JSFAM, NULL, "GET", REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"post", JSFAM, NULL, "POST", REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"put", JSFAM, NULL, "PUT", REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"patch", JSFAM, NULL, "PATCH", REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"delete", JSFAM, NULL, "DELETE", REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"all", JSFAM, NULL, NULL, REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"HandleFunc", L(GO), NULL, NULL, REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"Handle", L(GO), NULL, NULL, REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"GET", L(GO), NULL, "GET", REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"POST", L(GO), NULL, "POST", REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"PUT", L(GO), NULL, "PUT", REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"PATCH", L(GO), NULL, "PATCH", REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"DELETE", L(GO), NULL, "DELETE", REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"Get", L(GO), NULL, "GET", REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"Post", L(GO), NULL, "POST", REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"Put", L(GO), NULL, "PUT", REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"Delete", L(GO), NULL, "DELETE", REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"route", L(RUST), NULL, NULL, REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"MapGet", L(CSHARP), NULL, "GET", REL_SERVES, 0, USE_RELATIVE | USE_HANDLER},
	{"MapPost", L(CSHARP), NULL, "POST", REL_SERVES, 0, USE_RELATIVE | USE_HANDLER},
	{"MapPut", L(CSHARP), NULL, "PUT", REL_SERVES, 0, USE_RELATIVE | USE_HANDLER},
	{"MapDelete", L(CSHARP), NULL, "DELETE", REL_SERVES, 0, USE_RELATIVE | USE_HANDLER},
	{"get", L(PHP), "Route", "GET", REL_SERVES, 0, USE_RELATIVE | USE_HANDLER},
	{"post", L(PHP), "Route", "POST", REL_SERVES, 0, USE_RELATIVE | USE_HANDLER},
	{"put", L(PHP), "Route", "PUT", REL_SERVES, 0, USE_RELATIVE | USE_HANDLER},
	{"delete", L(PHP), "Route", "DELETE", REL_SERVES, 0, USE_RELATIVE | USE_HANDLER},
	{"get", L(RUBY), "", "GET", REL_SERVES, 0, USE_ROUTE | USE_HANDLER | USE_BARE},
	{"post", L(RUBY), "", "POST", REL_SERVES, 0, USE_ROUTE | USE_HANDLER | USE_BARE},
	{"put", L(RUBY), "", "PUT", REL_SERVES, 0, USE_ROUTE | USE_HANDLER | USE_BARE},
	{"delete", L(RUBY), "", "DELETE", REL_SERVES, 0, USE_ROUTE | USE_HANDLER | USE_BARE},
	{"path", L(PYTHON), "", NULL, REL_SERVES, 0, USE_RELATIVE | USE_HANDLER | USE_BARE},
	{"re_path", L(PYTHON), "", NULL, REL_SERVES, 0, USE_RELATIVE | USE_HANDLER | USE_BARE},
	{"add_url_rule", L(PYTHON), NULL, NULL, REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"add_get", L(PYTHON), NULL, "GET", REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	{"add_post", L(PYTHON), NULL, "POST", REL_SERVES, 0, USE_ROUTE | USE_HANDLER},
	/* commands */
	{"system", CFAM | L(PHP) | L(RUBY), "", NULL, REL_EXECS, 0, USE_WORD},
	{"popen", CFAM | L(PYTHON), NULL, NULL, REL_EXECS, 0, USE_WORD},
	{"execlp", CFAM, "", NULL, REL_EXECS, 0, USE_WORD},
	{"execvp", CFAM, "", NULL, REL_EXECS, 0, USE_WORD},
	{"execl", CFAM, "", NULL, REL_EXECS, 0, USE_WORD},
	{"execv", CFAM, "", NULL, REL_EXECS, 0, USE_WORD},
	{"execve", CFAM, "", NULL, REL_EXECS, 0, USE_WORD},
	{"posix_spawnp", CFAM, "", NULL, REL_EXECS, 1, USE_WORD},
	{"system", L(PYTHON), "os", NULL, REL_EXECS, 0, USE_WORD},
	{"run", L(PYTHON), "subprocess", NULL, REL_EXECS, 0, USE_WORD},
	{"call", L(PYTHON), "subprocess", NULL, REL_EXECS, 0, USE_WORD},
	{"check_call", L(PYTHON), NULL, NULL, REL_EXECS, 0, USE_WORD},
	{"check_output", L(PYTHON), NULL, NULL, REL_EXECS, 0, USE_WORD},
	{"Popen", L(PYTHON), NULL, NULL, REL_EXECS, 0, USE_WORD},
	{"which", L(PYTHON), "shutil", NULL, REL_EXECS, 0, USE_WORD},
	{"execSync", JSFAM, NULL, NULL, REL_EXECS, 0, USE_WORD},
	{"spawn", JSFAM, NULL, NULL, REL_EXECS, 0, USE_WORD},
	{"spawnSync", JSFAM, NULL, NULL, REL_EXECS, 0, USE_WORD},
	{"execFile", JSFAM, NULL, NULL, REL_EXECS, 0, USE_WORD},
	{"execFileSync", JSFAM, NULL, NULL, REL_EXECS, 0, USE_WORD},
	{"Command", L(GO), "exec", NULL, REL_EXECS, 0, USE_WORD},
	{"CommandContext", L(GO), "exec", NULL, REL_EXECS, 1, USE_WORD},
	{"LookPath", L(GO), "exec", NULL, REL_EXECS, 0, USE_WORD},
	{"new", L(RUST), "Command", NULL, REL_EXECS, 0, USE_WORD},
	{"exec", L(PHP), "", NULL, REL_EXECS, 0, USE_WORD},
	{"shell_exec", L(PHP), "", NULL, REL_EXECS, 0, USE_WORD},
	{"passthru", L(PHP), "", NULL, REL_EXECS, 0, USE_WORD},
	{"proc_open", L(PHP), "", NULL, REL_EXECS, 0, USE_WORD},
	{"Start", L(CSHARP), "Process", NULL, REL_EXECS, 0, USE_WORD},
	{"capture2", L(RUBY), "Open3", NULL, REL_EXECS, 0, USE_WORD},
	{"capture3", L(RUBY), "Open3", NULL, REL_EXECS, 0, USE_WORD},
	{"ProcessBuilder", L(JAVA), NULL, NULL, REL_EXECS, 0, USE_WORD},
	/* tables by the name that a class gives */
	{"Table", L(JAVA) | L(CSHARP), NULL, NULL, REL_QUERIES_TABLE, 0, USE_DECORATES},
	{"Table", L(PYTHON), NULL, NULL, REL_QUERIES_TABLE, 0, USE_LIKELY},
	{"Entity", JSFAM, NULL, NULL, REL_QUERIES_TABLE, 0, USE_DECORATES},
	{"create_table", L(RUBY), "", NULL, REL_QUERIES_TABLE, 0, 0},
	{"add_column", L(RUBY), "", NULL, REL_QUERIES_TABLE, 0, 0},
	{"table", L(PHP), "DB", NULL, REL_QUERIES_TABLE, 0, 0},
	{"create", L(PHP), "Schema", NULL, REL_QUERIES_TABLE, 0, 0},
	/* topics of messages: where other things are called so, only for what has a receiver, and as likely */
	{"KafkaListener", L(JAVA), NULL, "topics", REL_SUBSCRIBES, 0, USE_DECORATES},
	{"RabbitListener", L(JAVA), NULL, "queues", REL_SUBSCRIBES, 0, USE_DECORATES},
	{"JmsListener", L(JAVA), NULL, "destination", REL_SUBSCRIBES, 0, USE_DECORATES},
	{"SqsListener", L(JAVA), NULL, "queueNames", REL_SUBSCRIBES, 0, USE_DECORATES},
	{"ProducerRecord", L(JAVA), NULL, NULL, REL_PUBLISHES, 0, 0},
	{"convertAndSend", L(JAVA), NULL, NULL, REL_PUBLISHES, 0, 0},
	{"basicPublish", L(JAVA), NULL, NULL, REL_PUBLISHES, 1, 0},
	{"basicConsume", L(JAVA), NULL, NULL, REL_SUBSCRIBES, 0, 0},
	{"MessagePattern", JSFAM, NULL, NULL, REL_SUBSCRIBES, 0, USE_DECORATES},
	{"EventPattern", JSFAM, NULL, NULL, REL_SUBSCRIBES, 0, USE_DECORATES},
	{"sendToQueue", JSFAM, NULL, NULL, REL_PUBLISHES, 0, 0},
	{"consume", JSFAM, NULL, NULL, REL_SUBSCRIBES, 0, USE_LIKELY | USE_METHOD},
	{"send", JSFAM, NULL, "topic", REL_PUBLISHES, USE_KEY, USE_LIKELY | USE_METHOD},
	{"subscribe", JSFAM, NULL, "topic", REL_SUBSCRIBES, USE_KEY, USE_LIKELY | USE_METHOD},
	{"subscribe", JSFAM, NULL, "topics", REL_SUBSCRIBES, USE_KEY, USE_LIKELY | USE_METHOD},
	{"KafkaConsumer", L(PYTHON), NULL, NULL, REL_SUBSCRIBES, 0, 0},
	{"send", L(PYTHON), "producer", "topic", REL_PUBLISHES, 0, 0},
	{"send_and_wait", L(PYTHON), "producer", "topic", REL_PUBLISHES, 0, 0},
	{"produce", L(PYTHON) | L(RUBY), NULL, "topic", REL_PUBLISHES, 0, USE_LIKELY | USE_METHOD},
	{"basic_publish", L(PYTHON), NULL, "routing_key", REL_PUBLISHES, 1, 0},
	{"basic_consume", L(PYTHON) | L(PHP), NULL, "queue", REL_SUBSCRIBES, 0, 0},
	{"basic_publish", L(PHP), NULL, "routing_key", REL_PUBLISHES, 2, 0},
	{"publish", L(RUBY), NULL, "routing_key", REL_PUBLISHES, USE_KEY, USE_LIKELY | USE_METHOD},
	{"stream_from", L(RUBY), NULL, NULL, REL_SUBSCRIBES, 0, 0},
	{"publish", JSFAM | L(PYTHON) | L(JAVA) | L(PHP) | L(RUBY) | L(RUST), NULL, NULL,
		REL_PUBLISHES, 0, USE_LIKELY | USE_METHOD},
	{"subscribe", JSFAM | L(PYTHON) | L(JAVA) | L(PHP) | L(RUBY) | L(RUST), NULL, NULL,
		REL_SUBSCRIBES, 0, USE_LIKELY | USE_METHOD},
	{"psubscribe", JSFAM | L(PYTHON) | L(PHP) | L(RUBY), NULL, NULL, REL_SUBSCRIBES, 0,
		USE_LIKELY | USE_METHOD},
	{"Publish", L(GO) | L(CSHARP), NULL, NULL, REL_PUBLISHES, 0, USE_LIKELY | USE_METHOD},
	{"Publish", L(GO), NULL, NULL, REL_PUBLISHES, 1, USE_LIKELY | USE_METHOD},
	{"PublishWithContext", L(GO), NULL, NULL, REL_PUBLISHES, 2, 0},
	{"Subscribe", L(GO) | L(CSHARP), NULL, NULL, REL_SUBSCRIBES, 0, USE_LIKELY | USE_METHOD},
	{"Subscribe", L(GO), NULL, NULL, REL_SUBSCRIBES, 1, USE_LIKELY | USE_METHOD},
	{"QueueSubscribe", L(GO), NULL, NULL, REL_SUBSCRIBES, 0, 0},
	{"ConsumePartition", L(GO), NULL, NULL, REL_SUBSCRIBES, 0, 0},
	{"Consume", L(GO), NULL, NULL, REL_SUBSCRIBES, 0, USE_LIKELY | USE_METHOD},
	{"ProduceAsync", L(CSHARP), NULL, NULL, REL_PUBLISHES, 0, 0},
	{"Produce", L(CSHARP), NULL, NULL, REL_PUBLISHES, 0, USE_LIKELY | USE_METHOD},
	{"BasicPublish", L(CSHARP), NULL, "routingKey", REL_PUBLISHES, 1, 0},
	{"BasicPublishAsync", L(CSHARP), NULL, "routingKey", REL_PUBLISHES, 1, 0},
	{"BasicConsume", L(CSHARP), NULL, "queue", REL_SUBSCRIBES, 0, 0},
	{"BasicConsumeAsync", L(CSHARP), NULL, "queue", REL_SUBSCRIBES, 0, 0},
	{"to", L(RUST), "FutureRecord", NULL, REL_PUBLISHES, 0, 0},
	{"to", L(RUST), "BaseRecord", NULL, REL_PUBLISHES, 0, 0},
	{"MQTTClient_publish", CFAM, NULL, NULL, REL_PUBLISHES, 1, 0},
	{"MQTTClient_subscribe", CFAM, NULL, NULL, REL_SUBSCRIBES, 1, 0},
	{"mosquitto_publish", CFAM, NULL, NULL, REL_PUBLISHES, 2, 0},
	{"mosquitto_subscribe", CFAM, NULL, NULL, REL_SUBSCRIBES, 2, 0},
	{"rd_kafka_topic_new", CFAM, NULL, NULL, REL_PUBLISHES, 1, 0},
};

#define NUSES (sizeof(uses) / sizeof(*uses))
#define PLACES 1024
enum {
	USE_NONE = 1,
	USE_FIRST = 2
}; /* of walk_name.use: asked for, and none; else the row's index and this */

static uint8_t places[PLACES], following[NUSES]; /* indices of rows + 1 */

static unsigned
place_of(struct str s)
{
	unsigned h = (unsigned)s.n * 131u;
	for (size_t i = 0; i < s.n && i < 24; i++)
		h = (h ^ (unsigned char)s.p[i]) * 16777619u;
	return (h ^ h >> 15) & (PLACES - 1);
}

static void
index_uses(void)
{
	_Static_assert(NUSES < 250, "an index fits a byte");
	for (size_t i = NUSES; i-- > 0;) {
		unsigned at = place_of(str_of(uses[i].callee));
		following[i] = places[at];
		places[at] = (uint8_t)(i + 1);
	}
}

/* The first row for that name in this language, as walk_name.use has it. */
static uint8_t
first_use(struct walk *w, uint32_t callee)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	(void)pthread_once(&once, index_uses);
	struct str s = w->f->strings[callee];
	for (unsigned i = places[place_of(s)]; i; i = following[i - 1])
		if (str_eq(s, uses[i - 1].callee) && uses[i - 1].langs >> w->id & 1)
			return (uint8_t)(i - 1 + USE_FIRST);
	return USE_NONE;
}

const struct use *
uses_first(struct walk *w, uint32_t callee)
{
	struct walk_name *n = callee ? walk_name(w, callee) : NULL;
	if (!n || n->use == USE_NONE)
		return NULL;
	if (!n->use)
		n->use = first_use(w, callee);
	return n->use == USE_NONE ? NULL : &uses[n->use - USE_FIRST];
}

const struct use *
uses_next(const struct walk *w, const struct use *u)
{
	for (unsigned i = following[u - uses]; i; i = following[i - 1])
		if (strcmp(uses[i - 1].callee, u->callee) == 0 && uses[i - 1].langs >> w->id & 1)
			return &uses[i - 1];
	return NULL;
}
