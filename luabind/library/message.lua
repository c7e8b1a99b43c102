---@meta message

---A message that a user sent. It is a table of plain data with methods, and may be
---kept and copied.
---@class ilink.Message
---@field id string The message's id.
---@field from string The sender's id.
---@field to string The bot's id.
---@field text string All text of the message; of a voice message, its transcript. "" if there is none.
---@field kind ilink.Kind What it is: the kind of the first item that isn't a text, else "text".
---@field time number When it was sent, in seconds since 1970, with a fraction.
---@field group? string The group's id, in a group chat.
---@field items ilink.Item[] What it consists of.
---@field quote? ilink.Quote What it quotes.
local Message = {}

---@alias ilink.Kind "text"|"image"|"voice"|"file"|"video"|"tool_call_start"|"tool_call_result"|"unknown"

---Answers the message. What can't be sent at once is kept and sent later, in order,
---unless the options say otherwise.
---@param content ilink.Content What to send.
---@param ... ilink.Content More to send, in order.
---@return ilink.SendResult? result What became of it; nil if it failed.
---@return ilink.Failure? err Why not.
---@example
---```lua
---function on_message(msg)
---  msg:reply("Look:", { image = "cat.png" })
---  msg:reply { file = "report.pdf", name = "Report.pdf" }
---  local result, err = msg:reply { text = "Only today: pizza", mode = "fail" }
---  if not result then ilink.log.warn("no pizza for " .. msg.from .. ": " .. err) end
---end
---```
function Message:reply(content, ...) end

---Asks the user something and waits for the answer: the user's next message, whatever
---it is. Commands aren't looked at meanwhile: "/help" is an answer, too. Words of the
---option cancel end the dialogue, and on_interrupt ends it for the whole bot. This may take as long as it likes: a handler that waits survives a restart
---of the program, and goes on where it was. For that it is run again, and its calls
---bring what they brought before; so what leads to a question may depend only on the
---message and on what calls bring, not on variables outside the handler.
---@param prompt? ilink.Content The question.
---@param options? ilink.AskOptions
---@return ilink.Message? answer What the user wrote; nil if no answer came in time ("timeout"), none would do ("no_match"), it was a word of cancel ("cancelled"), or on_interrupt has ended the waiting ("interrupted").
---@return any found With match: what matched or its captures, or what the function returned. Else the error, if there is no answer.
---@return any ...
---@example
---```lua
---function on_message(msg)
---  local name = msg:ask("What shall I call you?", { timeout = 300 })
---  msg:reply("Hello, " .. (name and name.text or "stranger"))
---  local answer, age = msg:ask("How old are you?", { match = "^%d+$", again = "A number, please.", cancel = { "/cancel", "算了" } })
---  if answer then
---    msg:reply("Next year you are " .. age + 1)
---  elseif age.kind == "cancelled" then
---    msg:reply("As you like.")
---  end
---end
---```
function Message:ask(prompt, options) end

---Options of msg:choose and msg:confirm.
---@class ilink.ChoiceOptions
---@field timeout? ilink.Span How long to wait; a day if left out.
---@field retries? integer How often to ask again when an answer doesn't do; 2 if left out.
---@field again? ilink.Content What to say then; the question if left out.
---@field cancel? string|string[] What the user writes to end it: a word such as "/cancel", or several, in any case. The call returns nil and an error of kind "cancelled".

---Options of msg:ask.
---@class ilink.AskOptions: ilink.ChoiceOptions
---@field match? string|fun(answer: ilink.Message): any What an answer must be: a pattern for its text, in which full-width letters and digits also count as plain ones, or a function that returns something for it.

---Lets the user choose from a list: by number, by text in any case, or by the beginning
---of just one of the texts.
---@param prompt? string The question.
---@param choices string[] What there is to choose from: one at least.
---@param options? ilink.ChoiceOptions
---@return string? choice What was chosen; nil if nothing was.
---@return integer|ilink.Failure place Its place in the list; or the error.
---@example
---```lua
---function on_message(msg)
---  local drink, place = msg:choose("What would you like?", { "Tea", "Coffee" })
---  if drink then msg:reply(drink .. ", number " .. place) end
---end
---```
function Message:choose(prompt, choices, options) end

---Asks for yes or no, in English or Chinese.
---@param prompt? ilink.Content The question.
---@param options? ilink.ChoiceOptions
---@return boolean? yes true or false; nil if there was no answer that would do.
---@return ilink.Failure? err Why there is none: "timeout", "no_match", "cancelled" or "interrupted"; nil for a yes and for a no.
---@example
---```lua
---function on_message(msg)
---  local yes, err = msg:confirm("Delete everything?")
---  if yes then
---    msg:reply("Gone.")
---  elseif not err then
---    msg:reply("All is as it was.")
---  end
---end
---```
function Message:confirm(prompt, options) end

---Shows "typing…" at the sender's: until it is switched off, or, with a function, as
---long as that runs.
---@param on? boolean|fun(): ... Whether to show it, true if left out; or what is done meanwhile.
---@return any ... true, or nil and an error; what the function returned.
---@example
---```lua
---function on_message(msg)
---  local answer = msg:typing(function()
---    return "That took a while."
---  end)
---  msg:reply(answer)
---end
---```
function Message:typing(on) end

---Fetches the message's first image, voice, file or video, and saves it if there is
---a path.
---@param path? string Where to save it, below the bot's folder. At the end .* stands for the extension of the file's type, as in "photos/1.*"; a path that ends in / is a folder, in which the file keeps its name.
---@return ilink.Media? file The file; nil if there is none.
---@return ilink.Failure? err
---@example
---```lua
---function on_message(msg)
---  local file, err = msg:download("inbox/" .. msg.id .. ".*")
---  msg:reply(file and "Saved as " .. file.name or tostring(err))
---end
---```
function Message:download(path) end

---One piece of a message.
---@class ilink.Item
---@field kind ilink.Kind
---@field text? string The text, or a voice message's transcript.
---@field name? string A file's name.
---@field size? integer A file's size in bytes, as far as it is known.
---@field duration? number How long a recording plays, in seconds.
---@field media? ilink.Media What can be fetched and sent on.

---What a message quotes, as far as it is known.
---@class ilink.Quote
---@field id? string The quoted message's id.
---@field text string The quoted text, or the part of it that was selected; "" if it isn't known.
---@field kind ilink.Kind
---@field media? ilink.Media What can be fetched and sent on.

---A file: received, or of the bot's folder, or uploaded. Printing it shows its kind
---and name.
---@class ilink.Media
---@field kind ilink.Kind
---@field name? string Its name, as far as it is known.
---@field mime? string Its type, such as "image/png"; known once it was fetched.
---@field size? integer Its size in bytes; known once it was fetched.
local Media = {}

---Reads the file, fetching it first if need be.
---@param max? integer The largest number of bytes to read. Without it a file that is too large for a script (8 MiB) is an error.
---@return string? bytes
---@return ilink.Failure? err
---@example
---```lua
---function on_message(msg)
---  local file = msg:download()
---  if file then msg:reply("It begins with " .. file:read(10)) end
---end
---```
function Media:read(max) end

---Saves the file below the bot's folder, fetching it first if need be.
---@param path string Where to save it. At the end .* stands for the extension of the file's type, as in "photos/1.*"; a path that ends in / is a folder, in which the file keeps its name.
---@return ilink.Media? file The saved file.
---@return ilink.Failure? err
---@example
---```lua
---function on_message(msg)
---  for i, item in ipairs(msg.items) do
---    if item.kind == "image" then item.media:save("photos/" .. msg.id .. "-" .. i .. ".*") end
---  end
---end
---```
function Media:save(path) end

---Sends the file to somebody, as it is: nothing of it passes through the script.
---@param to ilink.Message|string The message to answer, or a user's id.
---@param ... ilink.Content More to send, in order.
---@return ilink.SendResult? result What became of it; nil if it failed.
---@return ilink.Failure? err Why not.
---@example
---```lua
---function on_message(msg)
---  local picture = msg.items[1].media
---  if picture then picture:send(msg, "Here it is again.") end
---end
---```
function Media:send(to, ...) end

---What can be sent: a text, media, a table that says what, or a list of those. A
---list may have the options mode and lifetime as well.
---@alias ilink.Content string|number|boolean|ilink.Media|ilink.ContentTable|(string|number|boolean|ilink.Media|ilink.ContentTable)[]

---Says what to send; what is given of it is sent in this order. Files are paths
---below the bot's folder, or media. The options hold for the whole call, and may be
---in a table of their own: msg:reply("Hello", { mode = "fail" }).
---@class ilink.ContentTable
---@field text? string|number|boolean
---@field image? string|ilink.Media
---@field video? string|ilink.Media
---@field file? string|ilink.Media
---@field name? string The name that the file shows.
---@field mode? ilink.SendMode What becomes of what can't be sent at once; "defer" unless the host says otherwise.
---@field lifetime? ilink.Span How long it may wait before it is given up; the host's default if left out.
---@field as? string Another bot of the configuration that sends it, where [bot.allow] send_as of this one names it.

---What becomes of messages that can't be sent at once, because the user has to write
---first or the server wants fewer. "defer": they are kept, and sent as soon as
---possible, in order. "fail": the send fails. "nudge": as "defer", and the last
---message that may be sent tells the user that more is waiting.
---@alias ilink.SendMode "defer"|"fail"|"nudge"

---What became of something sent. It prints as a sentence, such as "deferred (quota):
---10 of 25 messages sent, the rest follows when the user writes again".
---@class ilink.SendResult
---@field status "sent"|"deferred"|"unconfirmed" "sent": the server has accepted it, with an id. "deferred": it, or the rest of it, is kept and sent later; sending it again would double it. "unconfirmed": the server took it without an id, which says that it is thrown away, or delivered hours later: see on_suppressed.
---@field reason? ilink.DeferReason Why it was deferred.
---@field advice? string What to know or do, in a sentence.
---@field id? string The id of the first message that was made of it; not yet known of a deferred one.
---@field ids string[] The ids of all of them: a long text becomes several.
---@field parts integer How many messages it makes.
---@field sent integer How many of them the server has accepted so far.
---@field uncertain boolean Whether an answer of the server's was lost, so that something may have arrived twice.

---Why something was deferred. "window_closed": the user wrote too long ago. "quota":
---the user's last message allows no more. "throttled": the server wants the bot to
---wait. "session_expired": the bot isn't logged in. "network": the server can't be
---reached. "queue": earlier messages to the user wait. "suppressed": the server accepts
---what the user is sent and doesn't deliver it (see on_suppressed).
---@alias ilink.DeferReason "window_closed"|"quota"|"throttled"|"session_expired"|"network"|"queue"|"suppressed"

---An error that a script may go on after. It prints as its message.
---@class ilink.Failure
---@field kind ilink.FailureKind|string A word such as "not_found" or "timeout".
---@field message string What happened, and what to do about it.
---@field ids? string[] After a send of which a part went through: that part's ids.

---Kinds of failures that many functions have. "interrupted": the handler was
---interrupted while the call waited (see on_interrupt); further calls work. Of
---questions, "no_match": no answer would do; "cancelled": the answer was a word of the
---option cancel. Of sends,
---"window_closed", "quota", "throttled" and "suppressed": it can't be sent now, and mode
---is "fail". "unknown_user": there is no user of that id, which is case-sensitive.
---"not_written": the user has not written to the bot yet.
---"bad_request": the server refuses the content. "expired": it waited longer than its
---lifetime. "uncertain": the server's answer was lost, and it isn't sent again by
---itself. "empty_text": there is nothing to send.
---@alias ilink.FailureKind "failed"|"timeout"|"interrupted"|"no_match"|"cancelled"|"not_found"|"no_media"|"too_large"|"empty_text"|"window_closed"|"quota"|"throttled"|"suppressed"|"unknown_user"|"not_written"|"bad_request"|"expired"|"uncertain"

---Every bot defines this function: it is called with each message, many messages
---at a time, but one at a time of the same user. Handlers take turns only while they
---wait, as msg:reply does.
---@param msg ilink.Message
---@example
---```lua
---function on_message(msg)
---  msg:reply("You said: " .. msg.text)
---end
---```
function on_message(msg) end

---A bot may define this function: it is called with a message that comes while an
---earlier one of the same user is being handled, also while that waits for an answer in
---msg:ask and the like. If it returns true, the running handler is interrupted and
---nothing else gets the message: what that handler waits for returns nil and an error of
---kind "interrupted", ilink.cancelled() is true for it, and it should tidy up and
---return; it may still send. If it returns nothing or false, the message is the answer,
---or waits for its turn.
---@param msg ilink.Message
---@return boolean? stop
---@example
---```lua
---function on_interrupt(msg)
---  return msg.text == "/cancel"
---end
---
---function on_message(msg)
---  local answer, err = msg:ask("From which step on?", { match = "%d" })
---  if not answer then
---    return msg:reply(err.kind == "interrupted" and "As you like." or "Another time, then.")
---  end
---  for i = 1, 3 do
---    if ilink.cancelled() then return msg:reply("Stopped.") end
---    msg:reply("Step " .. i)
---  end
---end
---```
function on_interrupt(msg) end

---A bot may define this function: it is called when the bot's session has ended, so
---that somebody has to log in again. What is sent meanwhile is kept.
---@param info ilink.SessionInfo
---@example
---```lua
---function on_session_expired(info)
---  ilink.log.error(info.bot .. ": " .. info.message)
---end
---
---function on_message(msg)
---  msg:reply("Hello")
---end
---```
function on_session_expired(info) end

---A bot may define this function: it is called when the server begins to accept what a
---user is sent without delivering it, which it does to some users for days or weeks.
---Messages to them wait; when they write, one answer tries again. Whoever must be
---reached is reached in another way, such as by http, or as another user.
---@param info ilink.SuppressedInfo
---@example
---```lua
---function on_suppressed(info)
---  ilink.log.error(info.user .. " gets nothing any more: " .. info.message)
---end
---
---function on_message(msg)
---  msg:reply("Hello")
---end
---```
function on_suppressed(info) end

---Tells that the server doesn't deliver to a user.
---@class ilink.SuppressedInfo
---@field bot string The bot's name.
---@field user string The user's id.
---@field since number When that was found, in seconds since 1970.
---@field message string What happened, and what to do about it.

---Tells that the bot's session has ended.
---@class ilink.SessionInfo
---@field bot string The bot's name.
---@field since number When that was found, in seconds since 1970.
---@field message string What happened, and what to do about it.

---Why a script starts or stops.
---@class ilink.LifecycleInfo
---@field bot string The bot's name.
---@field reason "start"|"reload"|"stop"

---If a script defines it, it is called when this version of the script gets the
---messages from now on.
---@param info ilink.LifecycleInfo
---@example
---```lua
---function on_start(info)
---  if info.reason == "start" then ilink.send("alice@im.wechat", "I am back.") end
---end
---```
function on_start(info) end

---If a script defines it, it is called when this version of the script gets no more
---messages. It should be quick.
---@param info ilink.LifecycleInfo
---@example
---```lua
---function on_stop(info)
---  print("stopping: " .. info.reason)
---end
---```
function on_stop(info) end

---What a handler failed with; printing it shows the message.
---@class ilink.HandlerError
---@field kind "runtime"|"limit"|"killed"|"changed"|"failed" What sort of error it is: "changed" is a dialogue that can't go on since the script was changed.
---@field message string What is wrong.
---@field file? string The file, and where in it.
---@field line? integer
---@field limit? string Which limit was hit, for "limit".
---@field traceback? string How the script got there.

---If a script defines it, it is called when a handler has failed for good, after all
---tries: to say that something went wrong. The message is kept, see "ilinkd inbox".
---@param err ilink.HandlerError
---@param msg? ilink.Message The message; nil if the handler wasn't one of a message.
---@example
---```lua
---function on_error(err, msg)
---  ilink.log.error("failed: " .. err)
---  if msg then msg:reply("Sorry, that went wrong.") end
---end
---```
function on_error(err, msg) end
