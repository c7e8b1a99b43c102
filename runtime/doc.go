// Package runtime is the host: it runs bots whose behaviour is written in Lua.
//
// A [Runtime] is made of a [Config], from a file ([LoadConfig]) or from Go:
//
//	rt, err := runtime.New(runtime.Config{
//		Bots: []runtime.BotConfig{{Name: "echo", Script: "scripts/echo.lua"}},
//	})
//	if err != nil { ... }
//	err = rt.Run(ctx)
//
// An embedding program adds Lua modules of its own in Config.Modules.
//
// # The way of a message
//
// Each step names the room, a package below runtime/internal unless it says otherwise, in
// which it happens. wiring.go joins the rooms of a bot.
//
//  1. ilink/bridge polls with the token of the bot's account, and ilink decodes.
//  2. receive.go makes of a message what is kept of it, by the clock of the account.
//  3. inbox (receive.go) writes it into runtime/store in one transaction with what it brings:
//     context token and window. Repeats end there. Only then the bridge saves the cursor.
//  4. inbox (inbox.go) hands each conversation's messages, one at a time and in order, to
//     its handler; conversations run side by side.
//  5. inbox (scripted.go) takes the current generation of the bot's script from script, asks
//     its breaker whether a handler may start, and calls it in luabind.
//  6. host is what the script then calls. What changes something is done once, also if the
//     handler is run again: replay keeps its records, in the same transaction.
//  7. outbox takes what the script sends, under the id of the message and the number of the
//     send, with copies of its files from files, and sends what window and pace allow through
//     the account's client. The rest waits until the user writes again.
//  8. inbox (handling.go) marks the message as handled, or has it tried again, or keeps it as
//     dead with its error.
//
// A timer that is due joins at 3 (inbox, timers.go). Messages of a bot that forwards go
// to another process at 5 (inbox, forwarded.go). When watch sees a script's files change,
// script loads them into a new VM, which takes over only if that worked.
package runtime
