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

---Answers the message.
---@param content ilink.Content What to send.
---@param ... ilink.Content More to send, in order.
---@return ilink.SendResult? result What became of it; nil if not all was sent.
---@return ilink.Failure? err Why not.
---@example
---```lua
---function on_message(msg)
---  msg:reply("Look:", { image = "cat.png" })
---  msg:reply { file = "report.pdf", name = "Report.pdf" }
---end
---```
function Message:reply(content, ...) end

---Shows or hides "typing…" at the sender's.
---@param on? boolean Whether to show it; true if left out.
---@return true? ok
---@return ilink.Failure? err
---@example
---```lua
---function on_message(msg)
---  msg:typing()
---  msg:reply("That took a while.")
---end
---```
function Message:typing(on) end

---Fetches the message's first image, voice, file or video, and saves it if there is
---a path.
---@param path? string Where to save it, below the bot's folder.
---@return ilink.Media? file The file; nil if there is none.
---@return ilink.Failure? err
---@example
---```lua
---function on_message(msg)
---  local file, err = msg:download("inbox/" .. msg.id)
---  msg:reply(file and "Saved." or tostring(err))
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
---@param path string Where to save it.
---@return ilink.Media? file The saved file.
---@return ilink.Failure? err
---@example
---```lua
---function on_message(msg)
---  for i, item in ipairs(msg.items) do
---    if item.kind == "image" then item.media:save("photos/" .. msg.id .. "-" .. i .. ".jpg") end
---  end
---end
---```
function Media:save(path) end

---What can be sent: a text, media, a table that says what, or a list of those.
---@alias ilink.Content string|number|boolean|ilink.Media|ilink.ContentTable|(string|number|boolean|ilink.Media|ilink.ContentTable)[]

---Says what to send; what is given of it is sent in this order. Files are paths
---below the bot's folder, or media.
---@class ilink.ContentTable
---@field text? string|number|boolean
---@field image? string|ilink.Media
---@field video? string|ilink.Media
---@field file? string|ilink.Media
---@field name? string The name that the file shows.

---What became of something sent.
---@class ilink.SendResult
---@field status "sent" "sent": the server has accepted it.
---@field id? string The id of the first message that was made of it.
---@field ids string[] The ids of all of them: a long text becomes several.

---An error that a script may go on after. It prints as its message.
---@class ilink.Failure
---@field kind string A word such as "not_found" or "timeout".
---@field message string What happened, and what to do about it.
---@field ids? string[] After a send of which a part went through: that part's ids.

---Every bot defines this function: it is called with each message, many messages
---at a time. Handlers take turns only while they wait, as msg:reply does.
---@param msg ilink.Message
---@example
---```lua
---function on_message(msg)
---  msg:reply("You said: " .. msg.text)
---end
---```
function on_message(msg) end
