-- A notebook: what you write is kept, and found again.
--
-- Try it:  go run . dev scripts/notes.lua, and write something with a #tag; then type
--          /find and a word of it.
-- Change:  how many notes are shown, or what counts as a tag.

local SHOWN = 10

-- Notes are kept by user, under their number: "note 000042".
local function key_of(number) return ("note %06d"):format(number) end

local function number_of(key) return tonumber(key:sub(6)) end

-- The user's notes that a function wants, the latest first.
local function find(me, wanted)
  local found = {}
  local keys = me:keys("note ")
  for i = #keys, 1, -1 do
    local note = me:get(keys[i])
    if wanted(note) then
      note.number = number_of(keys[i])
      found[#found + 1] = note
    end
  end
  return found
end

local function show(msg, title, notes)
  local lines = { title }
  for i = 1, math.min(#notes, SHOWN) do
    local note = notes[i]
    lines[#lines + 1] = ("%d. %s (%s)"):format(note.number, note.text, time.format(note.time, "%d %b"))
  end
  if #notes > SHOWN then
    lines[#lines + 1] = ("… and %d older ones: /find narrows it down."):format(#notes - SHOWN)
  end
  msg:reply(table.concat(lines, "\n"))
end

ilink.command("/find", function(msg, args)
  if #args == 0 then return msg:reply("Find what? As in: /find milk, or /find #todo") end
  -- All words must be there, in any case: (?i) ignores it in all languages.
  local notes = find(kv.user(msg), function(note)
    for _, word in ipairs(args) do
      if not re.test(note.text, "(?i)" .. re.escape(word)) then return false end
    end
    return true
  end)
  if #notes == 0 then return msg:reply("Nothing found.") end
  show(msg, #notes .. (#notes == 1 and " note:" or " notes:"), notes)
end, "WORDS  finds notes with all these words")

ilink.command("/list", function(msg)
  local notes = find(kv.user(msg), function() return true end)
  if #notes == 0 then return msg:reply("There are no notes yet. Just write something.") end
  show(msg, "Your latest notes:", notes)
end, "the latest notes")

ilink.command("/tags", function(msg)
  local counts, names = {}, {}
  for _, note in ipairs(find(kv.user(msg), function() return true end)) do
    for _, tag in ipairs(re.find_all(note.text, [[#[\p{L}\p{N}_-]+]])) do
      if not counts[tag[0]] then names[#names + 1] = tag[0] end
      counts[tag[0]] = (counts[tag[0]] or 0) + 1
    end
  end
  if #names == 0 then return msg:reply("No tags yet. Put one into a note, such as #todo or #待办.") end
  table.sort(names)
  for i, name in ipairs(names) do names[i] = name .. "  " .. counts[name] end
  msg:reply(table.concat(names, "\n"))
end, "your #tags, and how often they are used")

ilink.command("/delete", function(msg, args)
  local me, number = kv.user(msg), args[1] and tonumber(args[1]:match("^%d+$"))
  local note = number and me:get(key_of(number))
  if not note then return msg:reply("Which one? /list and /find show their numbers.") end
  if not msg:confirm("Delete this?\n" .. note.text) then return msg:reply("It stays.") end
  me:delete(key_of(number))
  msg:reply("Deleted.")
end, "NUMBER  deletes a note")

-- What is no command is a note; of a voice message, msg.text is what was said.
function on_message(msg)
  if text.trim(msg.text) == "" then
    return msg:reply("I keep texts only. Can you say it in words?")
  end
  if text.fold(msg.text):match("^/%a") then
    return msg:reply("I don't know that command. See /help.")
  end
  local me = kv.user(msg)
  local number = me:incr("notes")
  me:set(key_of(number), { text = msg.text, time = msg.time })
  msg:reply("Noted as number " .. number .. ".")
end
