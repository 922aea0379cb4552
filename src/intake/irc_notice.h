/* irc_notice.h - what a client says by itself in a log: who came, went, has another name. Any
 * thread. */
#pragma once

#include "intake/irc_line.h"

/* Behind the sign of a notice (=== *** -!- --): fills what, nick and text. */
void irc_notice_read(struct str said, struct irc_line *out);

/* Behind a star that stands for a notice or for /me, as mIRC and HexChat write both: a message
 * unless it has the shape of a notice. */
void irc_star_read(struct str said, struct irc_line *out);

/* What an eggdrop says behind the time, without a sign. */
void irc_eggdrop_read(struct str said, struct irc_line *out);

/* A nick without the modes of a channel before it: <@nick>. */
struct str irc_nick(struct str nick);
