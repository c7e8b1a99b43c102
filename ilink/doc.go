// Package ilink is a client for Tencent's iLink bot API: a personal WeChat
// account as a bot, over HTTP, JSON and long polling.
//
// # Log in
//
// A login is a QR code that a person scans. The token it yields lasts about a
// month; keep it in a file that only its owner can read.
//
//	login, err := ilink.StartLogin(ctx)
//	if err != nil { ... }
//	fmt.Println("Scan:", login.URL)
//	token, err := login.Wait(ctx)
//
// [NewLogin] is the same with choices: a pair code, a redrawn QR code, tokens
// already held on this machine.
//
// # Receive
//
// [Client.ListenAndServe] polls and hands each message to a [Handler]. The
// server forgets a message once it has delivered it, so a program that must not
// lose any gives the client a [CursorStore], or drives [Client.Listen] itself:
// both move the cursor only after the messages were taken.
//
//	client := ilink.NewClient(token)
//	err := client.ListenAndServe(ctx, ilink.HandlerFunc(
//		func(ctx context.Context, msg *ilink.Message) error {
//			return client.Reply(ctx, msg, ilink.TextMessage("pong"))
//		}))
//
// # Send
//
// [Client.Send] sends items; [Client.SendMessage] sends one and returns the
// server's message id. The server allows about ten messages for each message of
// the user, within 24 hours, and not in bursts; errors.Is tells which of these
// it was ([ErrWindowClosed], [ErrThrottled], [ErrBadRequest]).
//
// # Media
//
// [Client.UploadMedia] and [DownloadAndDecrypt] work on bytes in memory;
// [Client.Upload] and [Client.Download] stream.
//
// # Where it differs from lib-x/ilink
//
// The API is that of github.com/lib-x/ilink, with additions. What behaves in
// another way does so on purpose:
//
//   - [Client.Send] sends each item as a message of its own, since the server takes
//     no two in one, and checks all of them before it sends the first.
//   - [UploadOptions].NoThumb is implied where ThumbData is empty: a place for a
//     thumbnail that nobody uploads is of no use. ThumbData counts for images and
//     videos alone.
//   - An upload is a POST: the CDN answers PUT with 404. Its key goes out as base64
//     of the hex digits, for phones show a grey box for base64 of the bytes.
//   - [DownloadAndDecrypt] puts a URL of the form <CDN base>?<EncryptQueryParam>
//     right, which the CDN doesn't serve.
//   - [Message].MessageID is signed, and ids of the server pass that: [Message].ID
//     has all digits. [Client.Recall] takes these; whether the server knows the call
//     isn't certain.
//   - [Client.ListenAndServe] moves the cursor after the handler has returned, and
//     offers messages that came while it was being stopped for five seconds more:
//     the server doesn't send them again. A panic of the handler is logged like an
//     error. Cancelled, it returns within 0.8 s whatever the server does.
//   - [Login.Wait] ends after eight minutes where ctx doesn't end it, and returns
//     [ErrLoginTimeout] for a context that was cancelled, too. Time-outs and broken
//     connections while it polls are no errors.
//   - [Token] has the bot's and the person's id as well. It and all errors hide
//     secrets when they are printed; an [APIError] has the server's text, and is the
//     sentinel for its case under errors.Is.
//
// The simulator in package ilinksim serves the same API on a local port.
package ilink
