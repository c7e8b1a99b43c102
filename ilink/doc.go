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
// The simulator in package ilinksim serves the same API on a local port.
package ilink
