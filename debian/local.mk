# SPDX-License-Identifier: GPL-3.0-or-later

# What dpkg-buildpackage reads: each file by name, since it builds in the same folder.
EXTRA_DIST += \
	%D%/changelog \
	%D%/clean \
	%D%/control \
	%D%/copyright \
	%D%/hls-bridge.docs \
	%D%/hls-bridge.install \
	%D%/hls-bridge.jcfg \
	%D%/hls-bridge.lintian-overrides \
	%D%/hls-bridge.postrm \
	%D%/hls-instruments.docs \
	%D%/hls-instruments.install \
	%D%/janus-hls-web.README.Debian \
	%D%/janus-hls-web.install \
	%D%/janus-hls-web.postinst \
	%D%/janus-hls-web.postrm \
	%D%/janus-hls-web.prerm \
	%D%/janus-plugin-hls.README.Debian \
	%D%/janus-plugin-hls.install \
	%D%/janus-plugin-hls.lintian-overrides \
	%D%/janus-plugin-hls.postinst \
	%D%/janus-plugin-hls.postrm \
	%D%/janus-plugin-hls.sysusers \
	%D%/janus.plugin.hls.jcfg \
	%D%/not-installed \
	%D%/rules \
	%D%/source/format

# the Debian packages, from the tarball, into this folder
.PHONY: deb
deb: dist
	$(top_srcdir)/tools/make-packages $(distdir).tar.xz . $(top_srcdir)
