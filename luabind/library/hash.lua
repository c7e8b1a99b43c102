---@meta hash

---Digests of texts, for signatures that services ask for and for comparing. md5 and sha1
---are for those that ask for them; they protect nothing.
---@class hash
hash = {}

---Compares two texts in a time that doesn't tell where they differ, as signatures should
---be.
---@param a string
---@param b string
---@return boolean
---@nodiscard
---@example
---```lua
---local signature = hash.hmac_sha256("key", "text")
---assert(hash.equal(signature, hash.hmac_sha256("key", "text")))
---```
function hash.equal(a, b) end

---How to write a digest.
---@class hash.Options
---@field raw? boolean The bytes themselves; hexadecimal digits if left out.

---Returns the MD5 digest of a text, in hexadecimal digits.
---@param text string
---@param options? hash.Options
---@return string
---@nodiscard
---@example
---```lua
---msg:reply(hash.md5(msg.text))
---```
function hash.md5(text, options) end

---Returns the HMAC of a text with MD5: a signature that only those can make who have the
---key.
---@param key string
---@param text string
---@param options? hash.Options
---@return string
---@nodiscard
---@example
---```lua
---msg:reply("signature=" .. hash.hmac_md5("key", msg.text))
---```
function hash.hmac_md5(key, text, options) end

---Returns the SHA-1 digest of a text, in hexadecimal digits.
---@param text string
---@param options? hash.Options
---@return string
---@nodiscard
---@example
---```lua
---msg:reply(hash.sha1(msg.text))
---```
function hash.sha1(text, options) end

---Returns the HMAC of a text with SHA-1: a signature that only those can make who have the
---key.
---@param key string
---@param text string
---@param options? hash.Options
---@return string
---@nodiscard
---@example
---```lua
---msg:reply("signature=" .. hash.hmac_sha1("key", msg.text))
---```
function hash.hmac_sha1(key, text, options) end

---Returns the SHA-256 digest of a text, in hexadecimal digits.
---@param text string
---@param options? hash.Options
---@return string
---@nodiscard
---@example
---```lua
---msg:reply(hash.sha256(msg.text))
---```
function hash.sha256(text, options) end

---Returns the HMAC of a text with SHA-256: a signature that only those can make who have the
---key.
---@param key string
---@param text string
---@param options? hash.Options
---@return string
---@nodiscard
---@example
---```lua
---msg:reply("signature=" .. hash.hmac_sha256("key", msg.text))
---```
function hash.hmac_sha256(key, text, options) end

---Returns the SHA-512 digest of a text, in hexadecimal digits.
---@param text string
---@param options? hash.Options
---@return string
---@nodiscard
---@example
---```lua
---msg:reply(hash.sha512(msg.text))
---```
function hash.sha512(text, options) end

---Returns the HMAC of a text with SHA-512: a signature that only those can make who have the
---key.
---@param key string
---@param text string
---@param options? hash.Options
---@return string
---@nodiscard
---@example
---```lua
---msg:reply("signature=" .. hash.hmac_sha512("key", msg.text))
---```
function hash.hmac_sha512(key, text, options) end
