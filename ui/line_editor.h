/*
 * A line of input with the keys people expect: it echoes, moves, deletes,
 * recalls earlier lines and completes words.  Knows no terminal: keys come
 * in as bytes (VT100 sequences included), what to show goes out the same way.
 */
#ifndef UI_LINE_EDITOR_H
#define UI_LINE_EDITOR_H

#include <stddef.h>
#include <stdint.h>

struct line_editor;

struct line_editor_calls {
    void (*show)(void *opaque, const char *data, size_t length);
    /* A whole line; the editor is empty again. */
    void (*line)(void *opaque, const char *line);
    /* Number n of the words that begin with `word` at `start` of the line, or
     * NULL.  May be NULL: no completion. */
    const char *(*complete)(void *opaque, const char *line, size_t start,
                            const char *word, size_t n);
};

struct line_editor *line_editor_new(const char *prompt,
                                    const struct line_editor_calls *calls,
                                    void *opaque);
void line_editor_free(struct line_editor *e);

void line_editor_prompt(struct line_editor *e); /* and start a line */
void line_editor_key(struct line_editor *e, uint8_t byte);

#endif
