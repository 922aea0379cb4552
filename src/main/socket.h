/* socket.h - the door for the command line while the server has the data directory:
 * DIR/wellfield.sock.
 *
 * The caller sends its arguments, working directory and three file descriptors; the server runs the
 * command on a thread of its own with those as its standard streams, and answers with the exit
 * code. The socket is mode 0600: who may use it may read the directory. */
#pragma once

#include "main/session.h"

struct socket_door;
MUST_CHECK enum err socket_door_open(struct data *d, struct socket_door **out, struct why *why);
/* Waits for commands under way. */
void socket_door_close(struct socket_door *door);
/* Have the server of 'dir' run a command. ERR_NOT_FOUND when no server listens there. */
MUST_CHECK enum err socket_call(const char *dir, int argc, char *const *argv, int *exit_code,
                                struct why *why);
