/*
 * Services and variables that compose files and CI configuration (GitHub, GitLab, Travis) declare.  The YAML is read
 * by its indentation: plain maps and lists as people write them, no anchors, no flow style.
 */
#ifndef ENVPROBE_SERVICE_CONFIG_H
#define ENVPROBE_SERVICE_CONFIG_H

#include "envprobe/endpoints.h"

/* Is the file, by its path, of that kind? */
bool service_config_is(const char *path);

/* Known services become endpoints that are declared; variables with plain values become settings. */
void service_config_read(const char *path, struct str text, struct surroundings *to);

#endif
