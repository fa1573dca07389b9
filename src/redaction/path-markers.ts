// findPathSecrets reads these lists: path segments after which an opaque segment is a capability.

const list = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Segments, without separators and in lower case, after which two opaque segments are hidden. */
export const PATH_MARKERS: ReadonlySet<string> = new Set(
  list(`
  reset resets resetpassword passwordreset passwordresets setpassword newpassword changepassword forgotpassword recover
  recovery resettoken verify verifyemail emailverify verification emailverification verifyaccount verifications confirm
  confirmation confirmations confirmemail emailconfirm emailconfirmation confirmaccount activate activation
  activateaccount accountactivation invite invites invitation invitations acceptinvite acceptinvitation magiclink
  magiclinks magiclogin magic unsubscribe token tokens accesstoken refreshtoken authtoken apitoken apitokens secret
  secrets key keys apikey apikeys accesskey accesskeys webhook webhooks hook hooks session sessions`),
);

/** One run of letters of each marker, for the pre-filter. */
export const MARKER_ANCHORS = list(
  'reset passw recov verif confirm activat invit magic unsubs token secret key hook session',
);
