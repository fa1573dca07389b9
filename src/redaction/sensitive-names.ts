// The name judge reads these lists. Sources: the seed lists of Logfire, OpenTelemetry, Datadog, Sentry and Rails (REDACTION.md section 2).

const list = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Words that make a name sensitive wherever they stand in it. */
export const ALWAYS_WORDS = list(`
  password passwords passwd pwd pw passphrase passcode secret secrets token tokens apikey apikeys appkey credential
  credentials cred creds jwt jws bearer signature sig hmac sas csrf xsrf otp totp auth authkey authtoken authorization
  cookie cookies session sessionid sessid sid jsessionid phpsessid assertion verifier hdnts hdnea username`);

/** Words that make a following `key` sensitive: `api_key`, `accessKey`, `x-functions-key`. */
export const KEY_QUALIFIERS = list(`
  api access private secret account shared master encryption signing license subscription app client service deploy
  auth host function functions session`);

/** Whole names, written without separators. */
export const SQUASHED_NAMES = list(`
  samlresponse samlrequest samlart sharedaccesssignature awsaccesskeyid accesskeyid awssecretaccesskey googleaccessid
  xgoogcredential xgoogsignature xamzcredential xamzsignature xamzsecuritytoken codeverifier devicecode keypairid
  aspxauth aspsessionid connectsid mysqlpwd`);

/** Endings of a name written without separators: `sslpassword`, `MYTOKEN`, `to_ken`. */
export const ENDINGS = list(
  'password passwd passphrase secret token apikey credential credentials sessionid signature jwt',
);

/** Names too common to decide alone: the value must be opaque too. */
export const WEAK_NAMES = list('key code state ticket nonce hash md5 sign mac h s t k p st tk policy');

/** A last word that turns a sensitive name into a remark about it: `token_type`, `password_min_length`. */
export const METADATA_LAST = list(`
  count type kind limit max min length len size expiry expires ttl name version strength status enabled required format
  timeout method provider alg algorithm mode url uri endpoint age lifetime source mechanism database policy consent`);

/** A first word that does the same: `max_tokens`, `has_password`. */
export const METADATA_FIRST = list(`
  max min num total prompt completion input output cached reasoning remaining is has no use enable disable show require`);
