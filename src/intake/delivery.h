/* delivery.h - the messages of one request on their way to a brand.
 *
 * An HTTP thread adds facts, one by one, then sends them off: they are one command, run and
 * answered on the writer. Everything lies in the request's arena, which lives until the answer. */
#pragma once

#include "brand/brand.h"
#include "http/http.h"
#include "intake/counters.h"
#include "people/fact.h"

struct delivery;

/* 'messages' is how many there are in the request. 'origin' is a text of the arena. The answer
 * begins with 'opening': "\"success\":true" or "\"status\":1". */
struct delivery *delivery_create(struct request *req, struct brand *b, const struct sender *sender,
                                 uint32_t messages, const char *opening);
/* What becomes of message 'index': a checked fact (copied), nothing, or a failure. */
void delivery_add(struct delivery *d, uint32_t index, const struct fact *fact);
void delivery_ignore(struct delivery *d);
void delivery_refuse(struct delivery *d, uint32_t index, const struct why *why);
/* What was counted while reading; the caller adds to it. */
struct intake_counts *delivery_counts(struct delivery *d);
/* Reply, or suspend the request until the writer has answered it. */
void delivery_send(struct delivery *d);
