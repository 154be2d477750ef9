// SPDX-License-Identifier: GPL-3.0-or-later

// Plays ?url=URL with ?player=NAME of npm as it comes, but for what is said here, and keeps what a test wants to know in
// window.viewer.

const query = new URLSearchParams(location.search);
const url = query.get("url");
const video = document.getElementById("video"); // some players make one of their own instead
const shown = () => document.querySelector("video") ?? video;
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
  misplaced: false, // hls.js of years ago has put the sound elsewhere: see loadHls12()
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

/**
 * hls.js of years ago, as window.Hls, noting when it puts the sound elsewhere. A list of sound that comes before the first one of
 * pictures it keeps, and tells again once it has that: so it merges the list with itself. If that was a delta update, its
 * segments move by the length of those that were skipped (mergeDetails() of its level-helper.js; of today it asks if they are the same).
 */
async function loadHls12() {
  await load("hls1.2/dist/hls.min.js");
  window.Hls = class extends Hls {
    constructor(...settings) {
      super(...settings);
      let last;
      this.on(Hls.Events.AUDIO_TRACK_LOADED, (name, { details }) => {
        if (details === last && details.skippedSegments > 0) viewer.misplaced = true;
        last = details;
      });
    }
  };
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
    // why it has given a playlist up stands in its log alone
    const lines = () => videojs.log.history().map((words) => words.filter((word) => typeof word === "string").join(" "));
    const why = () => lines().filter((line) => /exclu|problem/i.test(line)).slice(-3);
    player.on("error", () => viewer.errors.push([text(player.error()), ...why()].join("; ")));
    player.src({ src: url, type: "application/vnd.apple.mpegurl" });
    return () => player.liveTracker.liveCurrentTime() - player.currentTime();
  },

  /* hls.js of years ago, and MediaElement on it */
  async hls12() {
    await loadHls12();
    const hls = new Hls();
    hls.on(Hls.Events.ERROR, (name, { fatal, details }) => fatal && viewer.errors.push(details));
    hls.loadSource(url);
    hls.attachMedia(video);
    video.play();
    return () => hls.latency;
  },

  async mediaelement() {
    await loadHls12(); // it takes one that is there
    await load("mediaelement/build/mediaelement-and-player.min.js");
    new MediaElementPlayer(video, {
      renderers: ["native_hls"], // hls.js, as it is called there: else this Chromium plays HLS by itself, and is what is tested
      success: (media) => {
        media.setSrc({ src: url, type: "application/x-mpegURL" });
        media.play();
      },
      error: (error) => viewer.errors.push(text(error)),
    });
    return () => NaN;
  },

  async ovenplayer() {
    await loadHls12(); // it looks for one that is there
    await load("ovenplayer/dist/ovenplayer.js");
    const player = OvenPlayer.create(ownPlace(), { autoStart: true, mute: true, sources: [{ type: "hls", file: url }] });
    player.on("error", (error) => viewer.errors.push(text(error)));
    return () => NaN;
  },

  async clappr() {
    await load("@clappr/player/dist/clappr.min.js");
    new Clappr.Player({ source: url, parentId: `#${ownPlace()}`, mute: true, autoPlay: true,
      events: { onError: (error) => viewer.errors.push(text(error)) } });
    return () => NaN;
  },

  async xgplayer() {
    await load("xgplayer/dist/index.min.js");
    await load("xgplayer-hls/dist/index.min.js");
    const player = new Player({ id: ownPlace(), url, isLive: true, autoplay: true, autoplayMuted: true, plugins: [HlsPlayer] });
    player.on("error", (error) => viewer.errors.push(text(error)));
    return () => NaN;
  },
};

/** A place of its own for a player that makes its video element itself. Returns its id. */
function ownPlace() {
  const place = document.createElement("div");
  place.id = "place";
  video.replaceWith(place);
  return place.id;
}

const on = (event, act) => document.addEventListener(event, ({ target }) => target.localName === "video" && act(target), true);
on("error", ({ error }) => viewer.errors.push(`picture: ${error?.message}`));
on("playing", () => (viewer.playing = true));
on("ended", () => (viewer.ended = true));
on("waiting", () => viewer.waits++);
on("resize", ({ videoWidth, videoHeight }) => viewer.sizes.push(`${videoWidth}x${videoHeight}`));
try {
  const latency = await players[query.get("player")]();
  setInterval(() => {
    const { currentTime, buffered, paused, playbackRate, readyState } = shown();
    viewer.time = currentTime;
    viewer.buffered = Array.from(buffered, (none, i) => [buffered.start(i), buffered.end(i)]);
    viewer.rate = paused ? 0 : playbackRate;
    viewer.ready = readyState;
    viewer.latency = latency();
  }, 100);
} catch (error) {
  viewer.errors.push(text(error));
}
