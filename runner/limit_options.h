/* The options --memory, --pids and --disk, which mean the same wherever they are: limits of a pod. */
#ifndef RUNNER_LIMIT_OPTIONS_H
#define RUNNER_LIMIT_OPTIONS_H

#include "runner/cli.h"
#include "sandbox/sandbox.h"

struct limit_options { /* 0: not given, the default */
	uint64_t memory, pids, disk;
};

/* Their rows, for a table of option_def; `member` is the limit_options in `type`, the options struct. */
#define LIMIT_OPTIONS(type, member) \
	{"memory", 0, OPTION_LIMIT, offsetof(type, member.memory), "BYTES", \
		"limit the memory of what runs at one time (suffixes K, M, G)"}, \
		{"pids", 0, OPTION_NUMBER, offsetof(type, member.pids), "N", \
			"limit the number of its processes"}, \
	{ \
		"disk", 0, OPTION_LIMIT, offsetof(type, member.disk), "BYTES", \
			"limit what it writes" \
	}

static inline struct pod_limits
limit_options_to_pod(const struct limit_options *o)
{
	return (struct pod_limits){.memory_bytes = o->memory,
		.disk_bytes = o->disk,
		.pids = o->pids < UINT32_MAX ? (uint32_t)o->pids : UINT32_MAX};
}

#endif
