/* version.h - which Wellfield this is. */
#pragma once

#define WELLFIELD_VERSION "0.1.0"
