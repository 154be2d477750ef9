/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LISTING_H
#define LISTING_H

/* What viewers find, in the order of what counts if there are several playlists. */
typedef enum Listing {
    LISTING_NONE,  /* no playlist, or one in which there never was anything */
    LISTING_ENDED, /* EXT-X-ENDLIST */
    LISTING_OPEN,  /* there is more to come */
} Listing;

#endif
