/* wide.h - sums of money that cannot overflow. */
#pragma once

__extension__ typedef __int128 wide;
