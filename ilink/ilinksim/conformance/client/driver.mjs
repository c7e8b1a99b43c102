// Lets another process call Tencent's client: a JSON request a line on
// standard input, a JSON answer a line on standard output, as they come in.
//
//   {"id":1,"call":"getUpdates","params":{…}}  →  {"id":1,"result":…}
//                                              or  {"id":1,"error":"…"}
//
// The argument is the directory whose node_modules the client is in.

import path from "node:path";
import readline from "node:readline";
import { PassThrough } from "node:stream";
import { pathToFileURL } from "node:url";

const input = process.stdin;
const answer = process.stdout.write.bind(process.stdout);

// The client's login talks to a person: it prints, and reads pair codes. Its
// "keyboard" gives out one line at a time.
const keyboard = new PassThrough({ highWaterMark: 1 });
Object.defineProperty(process, "stdin", { value: keyboard });
process.stdout.write = process.stderr.write.bind(process.stderr);

// Its login also has a fixed address, and follows redirects with https: both
// go to the simulator that the test names. Nothing leaves this machine.
let loginBase;
let loginHosts = new Set();
const realFetch = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  let url = new URL(input);
  if (url.protocol === "https:" && loginBase) {
    loginHosts.add(url.host);
    url = new URL(url.pathname + url.search, loginBase);
  }
  if (url.hostname !== "127.0.0.1") throw new Error(`conformance: ${url.origin} is not the simulator`);
  return realFetch(url, init);
};

const root = path.join(path.resolve(process.argv[2]), "node_modules/@tencent-weixin/openclaw-weixin/dist/src");
const load = (file) => import(pathToFileURL(path.join(root, file)).href);
const api = await load("api/api.js");
const upload = await load("cdn/upload.js");
const decrypt = await load("cdn/pic-decrypt.js");
const send = await load("messaging/send.js");
const sendMedia = await load("messaging/send-media.js");
const mediaDownload = await load("media/media-download.js");
const accounts = await load("auth/accounts.js");
const login = await load("auth/login-qr.js");

const encoded = (buffer) => ({ base64: Buffer.from(buffer).toString("base64") });

const calls = {
  getUpdates: api.getUpdates,
  sendMessage: api.sendMessage,
  getConfig: api.getConfig,
  sendTyping: api.sendTyping,
  notifyStart: api.notifyStart,
  notifyStop: api.notifyStop,

  uploadImage: upload.uploadFileToWeixin,
  uploadVideo: upload.uploadVideoToWeixin,
  uploadFile: upload.uploadFileAttachmentToWeixin,

  sendText: send.sendMessageWeixin,
  sendImage: send.sendImageMessageWeixin,
  sendVideo: send.sendVideoMessageWeixin,
  sendFile: send.sendFileMessageWeixin,
  sendMediaFile: sendMedia.sendWeixinMediaFile,

  async download({ param, aesKey, cdnBaseUrl, fullUrl }) {
    return encoded(await decrypt.downloadAndDecryptBuffer(param, aesKey, cdnBaseUrl, "test", fullUrl));
  },
  async downloadPlain({ param, cdnBaseUrl, fullUrl }) {
    return encoded(await decrypt.downloadPlainCdnBuffer(param, cdnBaseUrl, "test", fullUrl));
  },
  /** Leaves it to the client which key and which address of an item to take. */
  async downloadItem({ item, cdnBaseUrl }) {
    let saved;
    const errors = [];
    await mediaDownload.downloadMediaFromItem(item, {
      cdnBaseUrl,
      label: "test",
      log: () => {},
      errLog: (text) => errors.push(text),
      saveMedia: async (buffer, type, _folder, _most, name) => {
        saved = { ...encoded(buffer), type, name };
        return { path: "saved" };
      },
    });
    if (!saved) throw new Error(errors.join("; ") || "the client found nothing to download");
    return saved;
  },

  /** An account that the client lists as its own when it logs in again. */
  async saveAccount({ id, token, baseUrl }) {
    accounts.saveWeixinAccount(id, { token, baseUrl });
    accounts.registerWeixinAccountId(id);
  },
  async startLogin({ baseUrl }) {
    loginBase = baseUrl;
    loginHosts = new Set();
    return login.startWeixinLoginWithQr({});
  },
  waitForLogin: login.waitForWeixinLogin,
  /** Which hosts the client meant, in the order in which it came to them. */
  async loginHosts() {
    return [...loginHosts];
  },
  async type({ line }) {
    keyboard.write(`${line}\n`);
  },
};

// Not earlier: lines that come before there is a listener are lost.
const requests = readline.createInterface({ input });
requests.on("line", async (line) => {
  const { id, call, params } = JSON.parse(line);
  let reply;
  try {
    if (!calls[call]) throw new Error(`the driver has no call ${call}`);
    reply = { id, result: (await calls[call](params)) ?? null };
  } catch (err) {
    reply = { id, error: err instanceof Error ? err.message : String(err) };
  }
  answer(`${JSON.stringify(reply)}\n`);
});
requests.on("close", () => process.exit(0));
