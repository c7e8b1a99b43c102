-- A help desk: what customers write goes to the staff, and their answers go back.
--
-- Try it:  go run . dev scripts/helpdesk.lua, and type the /staff command that the log
--          shows. From then on you are the staff.
-- Change:  the texts, and what is answered without the staff (the opening hours).

-- A customer's number, by which the staff speaks of them: #1, #2 and so on.
local function ticket_of(customer)
  local me = kv.user(customer)
  local number = me:get("ticket")
  if not number then
    number = kv.incr("tickets")
    me:set("ticket", number)
    kv.set("customer " .. number, customer)
  end
  return number
end

-- Sends something to the staff on duty; what they quote of it leads to the customer.
-- Returns how many got it.
local function tell_staff(customer, content)
  local told = 0
  for id in pairs(kv.get("staff", {})) do
    local result, err = ilink.send(id, content)
    if result then
      told = told + 1
      for _, sent in ipairs(result.ids) do
        kv.set("about " .. sent, customer, { expires = 7 * 86400 })
      end
    else
      ilink.log.error("the staff member " .. id .. " was not told: " .. err)
    end
  end
  return told
end

-- A text with the media of a message, to be sent on.
local function parts(msg, text)
  local content = { text }
  for _, item in ipairs(msg.items) do
    if item.media and item.kind ~= "voice" then content[#content + 1] = item.media end
  end
  return content
end

local function is_staff(msg) return kv.get("staff", {})[msg.from] end

-- The first member needs the code of the log. It is good for one; members add others
-- by asking for the next code.
local function new_code()
  local code = random.hex(4)
  kv.set("code", code)
  return code
end

function on_start()
  if not next(kv.get("staff", {})) then
    ilink.log.info("to become staff, write to the bot: /staff " .. (kv.get("code") or new_code()))
  end
end

ilink.command("/staff", function(msg, args)
  if is_staff(msg) then
    return msg:reply("For a colleague: /staff " .. new_code())
  end
  if not args[1] or args[1] ~= kv.get("code") then
    return msg:reply("That is not the code.")
  end
  kv.delete("code")
  kv.update("staff", function(staff)
    staff = staff or {}
    staff[msg.from] = true
    return staff
  end)
  msg:reply("Welcome! Quote what a customer wrote to answer it, or begin with the number: #1 Hello. /leave ends your duty.")
  -- What came while nobody was here.
  for _, key in ipairs(kv.keys("waiting ")) do
    local message = kv.get(key)
    if message and kv.delete(key) then tell_staff(message.from, message.text) end
  end
end)

ilink.command("/leave", function(msg)
  if not is_staff(msg) then return msg:reply("You aren't on duty.") end
  kv.update("staff", function(staff)
    staff[msg.from] = nil
    return staff
  end)
  msg:reply("Thank you. To come back: /staff " .. new_code())
end)

ilink.command("/help", function(msg)
  msg:reply("Write what you need, and somebody will answer. 请直接描述您的问题，客服会回复您。")
end)

-- What needs nobody.
ilink.hears({ "[Oo]pening hours", "营业时间" }, function(msg)
  msg:reply("We are here from Monday to Friday, 9 to 18. 周一至周五 9:00–18:00。")
end)

-- An answer of the staff's: it quotes a customer, or begins with the number.
local function staff_answers(msg)
  local number, text = msg.text:match("^%s*#(%d+)%s*(.*)$")
  local customer = number and kv.get("customer " .. number)
  if not customer and msg.quote and msg.quote.id then
    customer, text = kv.get("about " .. msg.quote.id), msg.text
  end
  if not customer then
    return msg:reply("To whom? Quote what the customer wrote, or begin with the number, as in: #1 Hello")
  end
  if text == "" and msg.kind == "text" then return msg:reply("And what shall I say?") end
  local result, err = ilink.send(customer, parts(msg, "👤 " .. text))
  if not result then
    return msg:reply("That was not sent: " .. err)
  end
  local ticket = ticket_of(customer)
  if result.status == "deferred" then
    return msg:reply("#" .. ticket .. " gets it later: " .. result.advice)
  end
  msg:reply("✓ #" .. ticket)
end

function on_message(msg)
  if is_staff(msg) then return staff_answers(msg) end
  local text = ("#%d: %s"):format(ticket_of(msg.from), msg.text == "" and "[" .. msg.kind .. "]" or msg.text)
  if tell_staff(msg.from, parts(msg, text)) == 0 then
    kv.set(("waiting %08d"):format(kv.incr("waited")), { from = msg.from, text = text })
    return msg:reply("Nobody is here right now. They will read this when they are back.")
  end
  -- Said once in an hour, not after each message.
  if kv.user(msg):incr("greeted", { expires = 3600 }) == 1 then
    msg:reply("Thank you. Somebody will answer you here soon. 客服稍后回复您。")
  end
end
