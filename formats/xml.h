/* xml.h - text of any bytes in XML. */
#ifndef MMEMU_FORMATS_XML_H
#define MMEMU_FORMATS_XML_H

#include <stdio.h>

/* Bytes of the character at text that XML may hold; 0: it is none (not UTF-8, a
 * control character, U+FFFE, U+FFFF). Lines and tabs are for xml_lines(). */
unsigned xml_char(const char *text);
/* For one line of text, or an attribute: what XML cannot hold as ?. */
void xml_text(const char *text, FILE *out);
/* For several lines. */
void xml_lines(const char *text, FILE *out);

#endif
