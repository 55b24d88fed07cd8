/**
 * The passwords of at least twelve characters that attackers try first: from the heads of lists of leaked passwords.
 * Shorter ones are refused for their length.
 */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `123456789012 1234567890123 12345678901234 123456789012345 1234567890123456 0123456789012 012345678910 123456789123
  123456789101112 1234567891011 987654321098 password1234 password12345 password123456 password1234567 passwordpassword
  password!123 password@123 p@ssword1234 p@ssw0rd1234 passw0rd1234 mypassword123 mypassword12 newpassword1 newpassword12
  qwertyuiop12 qwertyuiop123 qwertyuiop1234 qwertyuiop[] qwertyuiopasdf qwertyuiopasdfghjkl qwerty123456 qwerty1234567
  qwerty12345678 qwertyqwerty qwertyuiopas 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1q2w3e4r5t6y7u8i 1qaz2wsx3edc 1qaz2wsx3edc4rfv
  qazwsxedcrfv zaq12wsxcde3 q1w2e3r4t5y6 q1w2e3r4t5y6u7 asdfghjkl123 asdfghjkl1234 asdfghjklzxcvbnm zxcvbnm12345
  iloveyou1234 iloveyou12345 iloveyouforever iloveyousomuch ilovemyfamily welcome12345 welcome123456 welcome@1234
  administrator administrator1 administrator123 admin1234567 admin12345678 admin@123456 adminadmin123 changeme1234
  letmein12345 letmein123456 letmeinplease superman1234 spiderman123 liverpool123 manchester12 football1234 baseball1234
  basketball12 basketball123 princess1234 sunshine1234 chocolate123 butterfly123 strawberry12 strawberry123 jessica12345
  christopher1 alexander123 elizabeth123 trustno11234 monkey123456 dragon123456 master123456 shadow123456 abc123456789
  abcd12345678 abcdefghijkl abcdefghijklm abcdefghijklmnop a1b2c3d4e5f6 aa1234567890 a12345678901 test12345678
  testtesttest testpassword temporary123 correcthorsebatterystaple thisisapassword thisismypassword summer202424
  winter202424 january12345 december1234 september123 november2024 december2024 september2024`.split(/\s+/),
);
