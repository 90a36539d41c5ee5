/*
 * Issues of trackers as pages of intent: Jira (REST and export: fields.summary, fields.description as text or as a
 * document, fields.subtasks, links) and GitHub (title, body, labels), one issue or a list of them.
 */
#ifndef INTENT_TRACKER_H
#define INTENT_TRACKER_H

#include "base/json.h"

/* Is it JSON, rather than Markdown? */
bool tracker_is_json(struct str text);
/* As Markdown, appended.  DD_EINVAL: it is no issue of either. */
int tracker_to_markdown(struct str text, struct buf *ret, struct dd_err *err) DD_MUST_USE;

#endif
