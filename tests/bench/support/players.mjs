// SPDX-License-Identifier: GPL-3.0-or-later

// The players that benches open, each by a page of its own: the watch page, and those that others wrote.

const inPages = (pages, file, query) => `${pages.url}/${file}?${new URLSearchParams(query)}`;

/** The address of each player's page: PLAYERS[name](stack, pages, stream). `pages`: servePages(). */
export const PLAYERS = {
  watch: (stack, pages, stream) => `${stack.url}/watch.html?stream=${stream}`,
  hls: (stack, pages, stream) => inPages(pages, "hls.html", { playlist: stack.master(stream) }),
  classic: (stack, pages, stream) => inPages(pages, "hls.html", { playlist: stack.sizes(stream) }),
  shaka: (stack, pages, stream) => inPages(pages, "player.html", { player: "shaka", url: stack.manifest(stream) }),
  dashjs: (stack, pages, stream) => inPages(pages, "player.html", { player: "dashjs", url: stack.manifest(stream) }),
  videojs: (stack, pages, stream) => inPages(pages, "player.html", { player: "videojs", url: stack.sizes(stream) }),
};
