/* json.h - any report as JSON. */
#ifndef MMEMU_FORMATS_JSON_H
#define MMEMU_FORMATS_JSON_H

#include "formats/report.h"

/*
 * One object and a newline: {"report": KIND, "pid": PID, "line": N, "data": ...};
 * pid and line only where there is one. data holds what the text holds, by the
 * report's shape (docs/COMPARE.md).
 */
void report_json(const struct report *r, const struct machine *m,
		 const struct task_struct *task, uint64_t line, FILE *out);
/* The same of a report that was written to text, which is used up. */
void report_text_json(const struct report *r, char *text,
		      const struct task_struct *task, uint64_t line, FILE *out);
/* A string with its quotes. JSON is UTF-8 or nothing: other bytes stand as the
 * four characters \xHH. */
void json_string(const char *s, size_t len, FILE *out);
/* The same for JSON inside an HTML page: nothing in it can end a <script>. */
void json_string_html(const char *s, size_t len, FILE *out);

#endif
