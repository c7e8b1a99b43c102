// Package bridge runs the polls of many WeChat bots in one process and hands
// what they bring to whoever answers.
//
// A [Bridge] has one poller for each [BridgeBinding], that is for each bot
// account bound to one sandbox:
//
//	b := bridge.NewBridgeWith(db, nil, bridge.Options{Deliver: deliver})
//	defer b.Close(ctx)
//	b.StartPoller(bridge.BridgeBinding{SandboxID: "shop", BotID: id, BotToken: token, GetUpdatesBuf: cursor})
//
// # Where a binding leads
//
// To [Options].Deliver, which gets each poll's messages as one batch; or, for a
// binding that names another process, there over HTTP. A binding is forwarded
// when [Options].ForwardURL has a URL for it, or when it has a BridgeSecret and a
// PodIP (its own or the resolver's); where there is no Deliver it is forwarded
// in any case.
//
// Forwarding is per message, as JSON, with "Authorization: Bearer" and the
// binding's BridgeSecret, 10 seconds each, redirects not followed:
//
//	POST http://PodIP:3002/metadata  {"chat_jid","timestamp","name","is_group"}
//	POST http://PodIP:3002/message   {"id","chat_jid","sender","sender_name","content","timestamp"}
//
// Metadata goes before a chat's first message; if that fails it is tried again
// with the chat's next one. Any 2xx answer to /message says that the message was
// taken. A 4xx other than 408 and 429 says that it never will be: [Options].OnRefused
// is told, and those after it go on. Whatever else comes is tried again. The id is the same whenever the same message is sent again. Timestamps
// are RFC 3339 in UTC with milliseconds, so that they sort as text. Content is
// the message's text, a voice message's transcript included. A message without
// any is not left out: its content then says what it is, "[image]",
// "[voice]", "[video]", "[file report.pdf]" or "[unknown]". Only a message with
// no items, one without a sender and one written by a bot are skipped.
//
// # What is kept, and for how long
//
// The server never sends a batch again, so the cursor moves (and
// [BridgeDB].UpdateGetUpdatesBuf is called) only when all of it was taken, and a
// batch that can't be handed over is tried again from memory, after 2 to 30
// seconds, before anything else is polled. Messages of it that were taken
// already are not sent again. Such a batch outlives its poller: when the binding
// is stopped it is tried one last time, unless the stop cancelled a call under way,
// and after that the next poller for the same sandbox and bot, in the same Bridge,
// begins with it. It doesn't outlive
// the process; a Deliver that stores messages before anything can go wrong is
// how to lose none.
//
// The server also delivers some messages twice, up to an hour apart. Forwarded
// ones are recognised as long as the process lives; a Deliver gets them and has
// to recognise them by [ilink.Message.Key].
//
// # When the session ends
//
// A poll answered with -14 ([ilink.ErrSessionTimeout]) is not the end. The first
// time the server is told of a start and polled again at once, which often helps;
// then the poller tries on after 5 seconds, doubling to 5 minutes. A new token
// comes through [Bridge.StartPoller] or [Options].Token, and the bot goes on
// without a restart. [Options].OnState tells of all this.
//
// # Where it differs from the nanoclaw bridge
//
// The API is that of the bridge which runs nanoclaw's WeChat bindings, with additions.
// What behaves in another way does so on purpose:
//
//   - The cursor is saved after the messages were taken, not before: the server
//     doesn't send them again. So a target that is away stops its binding's polls,
//     and loses nothing.
//   - -14 is not slept out for five minutes: see above.
//   - A message that isn't text is forwarded as what it is, and none twice.
//   - StartPoller doesn't wait for the poller that it replaces, but the new one does;
//     StopPoller waits for the poller's end.
//   - [SendTextMessage] cuts a long text into several messages, where the server would
//     cut it off, refuses an empty one, and has the failures of the API as errors.
//   - [GetUpdates] returns the given cursor with an empty response, and never an empty
//     one in place of a cursor.
//   - [PollLoginStatus] follows a login to another data centre, and takes a confirmed
//     login without bot id or token for an error.
//   - A session that nobody takes is forgotten after a day.
//   - Secrets are hidden where values and errors are printed.
//
// # Without a Bridge
//
// [GetUpdates], [SendTextMessage], [StartLogin] and [PollLoginStatus] are single
// calls for programs that bring loops of their own. Package ilink has more.
package bridge
