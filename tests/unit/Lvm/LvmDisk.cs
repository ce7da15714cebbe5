using System.Buffers.Binary;
using System.Text;
using Jumpbag.Storage;
using Jumpbag.Storage.Lvm.Format;

namespace Jumpbag.Tests.Unit.Lvm;
