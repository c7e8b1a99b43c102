// Package outbox sends what a bot's scripts want sent: in order within a conversation,
// as far as its window allows and as fast as the pace allows. The rest is kept until the
// user writes again.
//
// The way of a send:
//
//  1. [Outbox.Send] splits what a script sends into messages that the server leaves whole,
//     copies files, and puts all of it into the store and into its conversation (send.go,
//     enqueue.go). A handler that is run again finds its sends.
//  2. [Outbox.Run] picks the next one whenever the pace allows one (sender.go, pace.go):
//     of a conversation whose window has room (window.go), answers before pushes. Files are
//     uploaded first (upload.go).
//  3. The send is noted as begun in the store, then the request is made, then its outcome
//     is noted (attempt.go). What a failure means for the send, and for those behind it, is
//     decided there: a closed window, a throttle, trouble with the connection.
//  4. Whoever waits in Send is told as soon as it is known what becomes of it: that it was
//     sent, or has to wait and why (settle.go). What waits too long is ended there.
//
// A user whom the server accepts messages for without delivering them is suppressed
// (suppressed.go).
package outbox
