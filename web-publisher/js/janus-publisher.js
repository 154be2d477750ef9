// SPDX-License-Identifier: GPL-3.0-or-later

// Publishes a MediaStream through Janus's HLS plugin, and keeps it published: a lost signalling
// connection is taken up again under the media that still flows, a broken media path is repaired by
// an ICE restart, and if neither helps, everything is set up again under the same name and key.
//
// It knows nothing of the page. It tells what happens by events, each a CustomEvent whose detail is
//   "state"  { state, key, values }   one of: connecting, live, waiting (for the bridge), reconnecting,
//                              stopped, failed; with the text for people (strings.js). If the plugin has refused it
//                              there is `code`, or if it has ended it, `ended`: both as docs/protocol.md has them
//   "status" { lost }          the network between here and Janus is losing packets
//   "changed" { audio, … }     an operator has changed what viewers get (docs/protocol.md)

import Janus from "../vendor/janus.es.js";
import { answeredCodec } from "./codecs.js";
import { readAnswer } from "./layers.js";
import { PendingRequests } from "./pending-requests.js";
import { fitLayers, layersOf, preferFrameSize } from "./simulcast.js";
import { asSentence, isFinal, pluginError, textOf, ToldError } from "./told-error.js";

const PLUGIN = "janus.plugin.hls";
const RETRY_MS = [500, 1000, 2000, 4000, 8000]; // then every 8 s
const RESTART_AFTER_MS = 2000; // of a media path that is down; most blips are over by then
const REBUILD_AFTER_MS = 8000;
const CONNECT_WITHIN_MS = 12000; // to the server, and then of a new media path; then another is begun
const DEFAULT_CAP = 2500000; // bit/s that layers share until the answer says how much they have

// ends of a stream that were meant
const FINAL_ENDS = ["kicked", "taken-over", "refused", "requested", "too-much", "expired", "revoked"];

const NO_SUCH_SESSION = "No such session"; // Janus's words to a claim that it cannot honour

const initialised = new Promise((resolve) => {
  Janus.init({
    debug: ["warn", "error"],
    dependencies: Janus.useDefaultDependencies({ adapter: window.adapter }),
    callback: resolve,
  });
});

export class JanusPublisher extends EventTarget {
  #server;
  #iceServers;
  #request; // what is published: { stream, key or token, title }
  #media; // the MediaStream
  #simulcast = false; // see publish(); false, too, if the server knows no layers
  #offersLayers = false;
  #janus = null;
  #handle = null;
  #wanted = false; // whether to be live; false ends every retry
  #attempt = 0; // grows with each set-up, so that what belongs to an old one is ignored
  #timers = new Set();
  #playback = null;
  #codec = "";
  #pending = new PendingRequests();
  #refusals = 0; // of publish, one after the other
  #status = null; // what the server has said last: "live" or "waiting"
  #hasBeenLive = false; // on this connection
  #isCutOff = false; // the network is gone, and people were told so

  /**
   * `server`: the URL of Janus's WebSocket; `iceServers`: as RTCPeerConnection takes them, or a promise
   * of that.
   */
  constructor(server, iceServers = []) {
    super();
    this.#server = server;
    this.#iceServers = iceServers;
  }

  /** The RTCPeerConnection while there is one, for statistics; else null. */
  get peerConnection() {
    return this.#handle?.webrtcStuff?.pc ?? null;
  }

  /** The video codec that the server has taken, as codecs.js names it; "": none. */
  get codec() {
    return this.#codec;
  }

  /** { hls, watch }: where viewers find the stream, once it is published. */
  get playback() {
    return this.#playback;
  }

  /**
   * Goes live with `media` under `name`; the events tell how it goes. `simulcast`: whether the picture is
   * sent in several sizes, so that each viewer gets the one that fits: true (three, or as many as the
   * picture is worth), "auto" (fewer on a small machine) or false. A server that knows only one gets one.
   * `codec`: one of codecs.js that the picture is to have; "": what the server likes best. `token`: in place of a key.
   */
  async publish(media, { name, key = "", token = "", title = "", unlisted = false, simulcast = false, codec = "" }) {
    this.#media = media;
    this.#simulcast = simulcast;
    this.#request = {
      stream: name, ...(token ? { token } : key && { key }), ...(title && { title }), ...(unlisted && { unlisted }), ...(codec && { codec }),
    };
    this.#wanted = true;
    const attempt = ++this.#attempt;
    await initialised;
    this.#iceServers = (await this.#iceServers) ?? [];
    if (attempt === this.#attempt) this.#connect("connecting"); // else it was stopped meanwhile
  }

  /** Ends it, and tells the server so. */
  stop() {
    this.#wanted = false;
    this.#handle?.send({ message: { request: "unpublish" } });
    this.#tearDown();
    this.#say("stopped", { key: "publisher.stopped" });
  }

  /** Sends another camera, screen or microphone from now on; this is negotiated again only if there was none. */
  async replaceTrack(track) {
    const before = this.#media.getTracks();
    const others = before.filter(({ kind }) => kind !== track.kind);
    this.#media = new MediaStream([...others, track]); // what is sent if all is set up again
    const sender = this.peerConnection?.getSenders().find((s) => s.track?.kind === track.kind);
    if (sender) await sender.replaceTrack(track);
    else if (others.length === before.length && this.peerConnection)
      await this.#renegotiate({ tracks: [await this.#toSend(track)] });
  }

  /**
   * Changes what is live: { bitrate, audio, video, keyframe }, each optional (docs/protocol.md).
   * Resolves to the answer, rejects with what is wrong; several may be under way.
   */
  async configure(changes) {
    if (!this.#handle) throw new Error("Nothing is published");
    return this.#ask("configure", changes);
  }

  /** Sends a further track from now on; this is negotiated again. */
  async addTrack(track) {
    this.#media.addTrack(track);
    await this.#renegotiate({ tracks: [await this.#toSend(track)] });
  }

  /** Looks for another path to the server, while the old one still carries. */
  async restartIce() {
    await this.#renegotiate({ iceRestart: true });
  }

  /** Tells the server what only this side of the call can measure. */
  report(roundTripMs) {
    if (this.#handle && !this.#pending.has("report")) this.#ask("report", { round_trip_ms: roundTripMs });
  }

  /** `text`: { key, values }; `more`: { code } or { ended }. */
  #say(state, text, more = {}) {
    this.dispatchEvent(new CustomEvent("state", { detail: { state, ...text, ...more } }));
  }

  #later(ms, action) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
  }

  #tearDown() {
    this.#attempt++;
    this.#timers.forEach(clearTimeout);
    this.#timers.clear();
    const janus = this.#janus;
    this.#janus = this.#handle = this.#status = null;
    this.#isCutOff = this.#hasBeenLive = false;
    this.#pending.abandon(new Error("The connection is gone"));
    janus?.destroy({ cleanupHandles: true, notifyDestroyed: false, unload: true });
  }

  /** Sets everything up; a failure that may pass is tried again, with growing pauses. */
  async #connect(state, failures = 0) {
    this.#tearDown();
    const attempt = this.#attempt;
    const stale = () => attempt !== this.#attempt || !this.#wanted;

    if (!failures) this.#say(state, { key: "publisher.connecting" }); // else it stays said why not yet
    try {
      await Promise.race([this.#openHandle(stale), this.#outOfTime()]);
      if (!stale()) await this.#offer(stale);
    } catch (error) {
      if (stale()) return;
      if (isFinal(error)) this.#fail(textOf(error), { code: error.code });
      else this.#retry(error, failures);
    }
  }

  async #openHandle(stale) {
    await this.#openSession(stale);
    if (!stale()) await this.#attach(stale);
  }

  /** janus.js does not tell of a WebSocket that goes before both have been answered. */
  #outOfTime() {
    return new Promise((resolve, reject) => this.#later(CONNECT_WITHIN_MS, () => reject(new ToldError("publisher.unreachable"))));
  }

  /** Tries again after a pause that grows with `failures`. */
  #retry(error, failures) {
    this.#say("reconnecting", { key: "publisher.again", values: { why: textOf(error) } });
    this.#later(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)], () => this.#connect("reconnecting", failures + 1));
  }

  /** An error that is not of a request whose caller is told. */
  #onRefused(message) {
    const error = this.#errorOf(message);
    if (isFinal(error)) this.#fail(textOf(error), { code: error.code });
    else this.#retry(error, this.#refusals++);
  }

  #errorOf = (message) => pluginError(message, this.#request.stream);

  #fail(text, more) {
    this.#wanted = false;
    this.#tearDown();
    this.#say("failed", text, more);
  }

  #openSession(stale) {
    return new Promise((resolve, reject) => {
      const janus = (this.#janus = new Janus({
        server: this.#server,
        iceServers: this.#iceServers, // else janus.js asks a STUN server of its own choice
        keepAlivePeriod: 10000,
        success: () => {
          resolve();
          if (stale()) janus.destroy({ notifyDestroyed: false, unload: true }); // #tearDown() came before there was one
        },
        error: () => {
          reject(new ToldError("publisher.unreachable"));
          if (!stale() && this.#handle) this.#resumeSignalling(stale);
        },
        destroyed: () => {
          if (!stale()) this.#connect("reconnecting");
        },
      }));
    });
  }

  /** The WebSocket is gone, the media may still flow: claim the session under a new WebSocket. */
  #resumeSignalling(stale, failures = 0) {
    if (stale()) return;
    this.#janus.reconnect({
      success: () => {},
      error: (error) => {
        if (stale()) return;
        if (failures >= 3 || String(error).startsWith(NO_SUCH_SESSION)) this.#connect("reconnecting");
        else this.#later(RETRY_MS[failures], () => this.#resumeSignalling(stale, failures + 1));
      },
    });
  }

  #attach(stale) {
    return new Promise((resolve, reject) => {
      this.#janus.attach({
        plugin: PLUGIN,
        success: (handle) => {
          this.#handle = handle;
          resolve();
        },
        error: () => reject(new ToldError("publisher.no-plugin", {}, 460)),
        onmessage: (message, jsep) => {
          if (!stale()) this.#onMessage(message, jsep);
        },
        iceState: (state) => {
          if (!stale()) this.#onIceState(state, stale);
        },
        slowLink: (uplink, lost) => {
          this.dispatchEvent(new CustomEvent("status", { detail: { lost } }));
        },
      });
    });
  }

  async #offer(stale) {
    const tracks = await Promise.all(this.#media.getTracks().map((track) => this.#toSend(track)));
    if (stale()) return;
    await this.#renegotiate({ tracks }, stale);
    for (const sender of this.#videoSenders) await preferFrameSize(sender, this.#request.codec);
    if (!stale()) this.#rebuildUnlessConnected(CONNECT_WITHIN_MS, stale);
  }

  /** `track` as janus.js wants it. */
  async #toSend(track) {
    const wanted = {
      type: track.kind,
      capture: track,
      recv: false,
      dontStop: true, // the preview goes on, whatever becomes of the call
    };
    if (track.kind !== "video") return wanted;
    const layers = await layersOf(track, this.#simulcast, DEFAULT_CAP);
    this.#offersLayers = layers.length > 1;
    return this.#offersLayers ? { ...wanted, simulcast: true, sendEncodings: layers } : wanted;
  }

  /** Makes an offer with what janus.js calls `changes`, and asks to have it published. */
  async #renegotiate(changes, stale = () => false) {
    const jsep = await new Promise((resolve, reject) => {
      this.#handle.createOffer({ ...changes, success: resolve, error: reject });
    });
    if (!stale()) this.#ask("publish", this.#request, jsep);
  }

  /** Asks the plugin; a promise of its answer. An offer does not wait: its candidates are on their way already. */
  #ask(request, fields, jsep) {
    const send = () => this.#handle.send({ message: { request, ...fields }, jsep });
    return this.#pending.add(request, send, { urgent: Boolean(jsep) });
  }

  get #videoSenders() {
    return this.peerConnection?.getSenders().filter(({ track }) => track?.kind === "video") ?? [];
  }

  /**
   * A server that knows no layers would get one of which no offer has told the SSRC, and Janus may take its
   * repairs for media then: a picture that stops. So all is offered again, without layers.
   */
  #offerWithoutLayers() {
    this.#simulcast = false;
    this.#handle.send({ message: { request: "unpublish" } });
    this.#connect("connecting");
  }

  #onAnswer(jsep) {
    this.#codec = answeredCodec(jsep.sdp);
    this.#handle.handleRemoteJsep({
      jsep,
      success: () => this.#videoSenders.forEach((sender) => fitLayers(sender, jsep.sdp)),
    });
  }

  #onMessage(message, jsep) {
    const answered = this.#pending.settle(message, this.#errorOf);
    if (jsep && this.#offersLayers && !readAnswer(jsep.sdp).layers.length) {
      this.#offerWithoutLayers();
      return;
    }
    if (jsep) this.#onAnswer(jsep);
    switch (message.hls) {
      case "published":
        this.#refusals = 0;
        this.#playback = message.playback;
        break;
      case "status":
        this.#status = message.status;
        this.#sayStatus();
        break;
      case "changed":
        this.dispatchEvent(new CustomEvent("changed", { detail: message }));
        break;
      case "unpublished":
        if (FINAL_ENDS.includes(message.code)) this.#onEnded(message);
        else this.#connect("reconnecting");
        break;
      case "error": // those of other requests are told to who has asked
        if (answered === "publish" || answered === null) this.#onRefused(message);
        break;
    }
  }

  #onEnded({ code, reason }) {
    this.#fail({ key: `ended.${code}`, values: { reason, text: asSentence(reason) } }, { ended: code });
  }

  #sayStatus() {
    if (this.#status === "live") this.#say("live", { key: "publisher.live" });
    else this.#say("waiting", { key: this.#hasBeenLive ? "publisher.waiting-again" : "publisher.waiting" });
    this.#hasBeenLive ||= this.#status === "live";
  }

  /** Whether media can pass; an ICE restart that is under way (checking) does not count. */
  #isConnected() {
    return ["connected", "completed"].includes(this.peerConnection?.iceConnectionState);
  }

  #rebuildUnlessConnected(ms, stale) {
    this.#later(ms, () => {
      if (!stale() && !this.#isConnected()) this.#connect("reconnecting");
    });
  }

  #onIceState(state, stale) {
    if (this.#isCutOff && this.#isConnected()) { // the server may not have noticed, and says nothing
      this.#isCutOff = false;
      if (this.#status) this.#sayStatus();
    }
    if (state !== "disconnected" && state !== "failed") return;
    this.#isCutOff = true;
    this.#say("reconnecting", { key: "publisher.cut-off" });
    this.#later(RESTART_AFTER_MS, () => {
      if (!stale() && !this.#isConnected()) this.restartIce().catch(() => {});
    });
    this.#rebuildUnlessConnected(REBUILD_AFTER_MS, stale);
  }
}
