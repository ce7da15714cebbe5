namespace Jumpbag.Host;
internal static class Libc;
