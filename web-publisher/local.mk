# SPDX-License-Identifier: GPL-3.0-or-later

# The pages, with what they use of npm, in one folder for nginx; built where npm's packages are.
web_files = \
	%D%/404.html \
	%D%/class.html \
	%D%/css/class.css \
	%D%/css/status.css \
	%D%/css/style.css \
	%D%/css/wall.css \
	%D%/img/logo.svg \
	%D%/img/path.svg \
	%D%/index.html \
	%D%/js/bandwidth.js \
	%D%/js/busy-machine.js \
	%D%/js/class-boxes.js \
	%D%/js/class-graph.js \
	%D%/js/class-layout.js \
	%D%/js/class-lesson.js \
	%D%/js/class-lessons.js \
	%D%/js/class-page.js \
	%D%/js/class-pass.js \
	%D%/js/class-picture.js \
	%D%/js/class-playlist.js \
	%D%/js/class-values.js \
	%D%/js/codecs.js \
	%D%/js/diagnosis.js \
	%D%/js/distance.js \
	%D%/js/friendly-name.js \
	%D%/js/health.js \
	%D%/js/hinted-parts.js \
	%D%/js/identity.js \
	%D%/js/index-page.js \
	%D%/js/janus-publisher.js \
	%D%/js/latency-graph.js \
	%D%/js/latency-meter.js \
	%D%/js/late-sizes.js \
	%D%/js/latest.js \
	%D%/js/layer-table.js \
	%D%/js/layers.js \
	%D%/js/live-list.js \
	%D%/js/load-tiles.js \
	%D%/js/lookout.js \
	%D%/js/low-latency.js \
	%D%/js/low-water.js \
	%D%/js/media-source.js \
	%D%/js/page-tools.js \
	%D%/js/next-segment.js \
	%D%/js/part-abr.js \
	%D%/js/parts-ahead.js \
	%D%/js/pending-requests.js \
	%D%/js/place.js \
	%D%/js/playback-token.js \
	%D%/js/publish-figures.js \
	%D%/js/publish-links.js \
	%D%/js/publish-page.js \
	%D%/js/qualities.js \
	%D%/js/rungs.js \
	%D%/js/search.js \
	%D%/js/simulcast.js \
	%D%/js/size-chooser.js \
	%D%/js/sound-meter.js \
	%D%/js/sparkline.js \
	%D%/js/status-page.js \
	%D%/js/stay-awake.js \
	%D%/js/stopped-list.js \
	%D%/js/stream-history.js \
	%D%/js/stream-name.js \
	%D%/js/stream-player.js \
	%D%/js/strings.js \
	%D%/js/svg.js \
	%D%/js/switched-size.js \
	%D%/js/test-card.js \
	%D%/js/test-sound.js \
	%D%/js/ticker.js \
	%D%/js/time-code.js \
	%D%/js/time-limit.js \
	%D%/js/told-error.js \
	%D%/js/trust.js \
	%D%/js/undecodable.js \
	%D%/js/viewer-wish.js \
	%D%/js/waiting-room.js \
	%D%/js/watch-controls.js \
	%D%/js/wall-page.js \
	%D%/js/watch-page.js \
	%D%/publish.html \
	%D%/settings.json \
	%D%/status.html \
	%D%/wall.html \
	%D%/strings/en.json \
	%D%/strings/es.json \
	%D%/watch.html
EXTRA_DIST += $(web_files) %D%/package.json %D%/package-lock.json

if WEB
all-local: web/stamp
web/stamp: $(web_files) tools/assemble-web %D%/package-lock.json
	$(AM_V_GEN)$(top_srcdir)/tools/assemble-web $(top_srcdir)/%D% web && touch $@

install-data-local:
	cd web && find . -type f ! -name stamp -exec sh -c '\
	    for file do install -D -m 644 "$$file" "$(DESTDIR)$(pkgdatadir)/web/$$file" || exit 1; done' sh {} +

uninstall-local:
	rm -rf "$(DESTDIR)$(pkgdatadir)/web"

clean-local:
	rm -rf web
endif
