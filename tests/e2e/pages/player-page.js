// SPDX-License-Identifier: GPL-3.0-or-later

// Plays ?url=URL with ?player=NAME of npm as it comes, but for what is said here, and keeps what a test wants to know in
// window.viewer.

const query = new URLSearchParams(location.search);
const url = query.get("url");
const video = document.getElementById("video");
const viewer = (window.viewer = {
  errors: [], // of the player and of the picture
  playing: false,
  ended: false,
  time: 0, // of the picture
  buffered: [], // of media: from when until when
  rate: NaN, // at which it plays; 0: the player has stopped it
  ready: 0, // readyState of the video element
  latency: NaN, // seconds behind live, as the player has it; NaN: it does not say
  sizes: [], // of the picture, each time that it changes
  waits: 0, // how often the picture has waited for media
});

const text = (error) => `${error.message} ${JSON.stringify(error)}`.slice(0, 300);

function load(script) {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = `/npm/${script}`;
    element.onload = resolve;
    element.onerror = () => reject(new Error(`${script} cannot be loaded`));
    document.head.append(element);
  });
}

/* Each starts a player, and returns what tells how far behind live it is. */
const players = {
  async dashjs() {
    await load("dashjs/dist/modern/umd/dash.all.min.js");
    const player = dashjs.MediaPlayer().create();
    player.on(dashjs.MediaPlayer.events.ERROR, (event) => viewer.errors.push(text(event.error)));
    // on a busy machine Chromium may stand still in the midst of what it has buffered
    player.updateSettings({ streaming: { gaps: { enableStallFix: true } } });
    player.initialize(video, url, true);
    return () => player.getCurrentLiveLatency();
  },

  async shaka() {
    await load("shaka-player/dist/shaka-player.compiled.js");
    shaka.polyfill.installAll();
    const player = new shaka.Player();
    player.addEventListener("error", (event) => viewer.errors.push(text(event.detail)));
    await player.attach(video);
    await player.load(url);
    await video.play();
    return () => player.getStats().liveLatency;
  },

  async videojs() {
    await load("video.js/dist/video.min.js");
    const player = videojs(video, { autoplay: "muted", liveui: true, html5: { vhs: { overrideNative: true } } });
    player.on("error", () => viewer.errors.push(text(player.error())));
    player.src({ src: url, type: "application/vnd.apple.mpegurl" });
    return () => player.liveTracker.liveCurrentTime() - player.currentTime();
  },
};

video.addEventListener("error", () => viewer.errors.push(`picture: ${video.error.message}`));
video.addEventListener("playing", () => (viewer.playing = true));
video.addEventListener("ended", () => (viewer.ended = true));
video.addEventListener("waiting", () => viewer.waits++);
video.addEventListener("resize", () => viewer.sizes.push(`${video.videoWidth}x${video.videoHeight}`));
try {
  const latency = await players[query.get("player")]();
  setInterval(() => {
    viewer.time = video.currentTime;
    viewer.buffered = Array.from(video.buffered, (none, i) => [video.buffered.start(i), video.buffered.end(i)]);
    viewer.rate = video.paused ? 0 : video.playbackRate;
    viewer.ready = video.readyState;
    viewer.latency = latency();
  }, 100);
} catch (error) {
  viewer.errors.push(text(error));
}
